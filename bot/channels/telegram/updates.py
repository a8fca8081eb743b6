"""What is asked of Telegram, and how an update gets from the wire through the library's application."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from telegram import Update
from telegram.ext import CallbackContext

from bot.channels.telegram.client import AnyApplication
from bot.errors import StorageError
from bot.mistakes import place_of

log = logging.getLogger(__name__)

ALLOWED = ("message", "edited_message", "callback_query", "inline_query", "message_reaction", "my_chat_member")

TakeIn = Callable[[dict[str, Any]], Awaitable[None]]

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # in a Python text, a surrogate is always a lone one


def is_slow(update: dict[str, Any]) -> bool:
    """Whether an update may need a download before its turn can be kept."""
    message = update.get("message") or update.get("edited_message")
    if not isinstance(message, dict):
        return False
    replied = message.get("reply_to_message")
    return "document" in message or (isinstance(replied, dict) and "document" in replied)


def storable(part: Any) -> Any:
    """The update with U+FFFD for what no database keeps, one UTF-16 code unit for one, as entities count them."""
    if isinstance(part, str):
        return _UNSTORABLE.sub("\ufffd", part)
    if isinstance(part, list):
        return [storable(each) for each in part]
    return {key: storable(value) for key, value in part.items()} if isinstance(part, dict) else part


class Door:
    """Takes updates in. Whatever goes wrong with one, the next is taken; only StorageError is told to the caller,
    because then the update is not kept and must come again.
    """

    def __init__(self, application: AnyApplication) -> None:
        self._application = application
        self._failed: dict[int, StorageError] = {}
        application.add_error_handler(self._note)

    async def take_in(self, raw: dict[str, Any]) -> None:
        """Return when the update's turn is kept. Raises StorageError."""
        try:
            update = Update.de_json(storable(raw), self._application.bot)
        except Exception as error:  # noqa: BLE001 - a shape that the library does not know
            log.warning("an update of an unknown shape is left out (%s)", type(error).__name__)
            return
        try:
            await self._application.process_update(update)
        except Exception as error:  # noqa: BLE001 - raised outside of the handlers
            log.warning("an update is left out (%s)", type(error).__name__)
        failed = self._failed.pop(update.update_id, None)
        if failed is not None:
            raise failed

    async def _note(self, update: object, context: CallbackContext[Any, Any, Any, Any]) -> None:
        """Called by the application with what a handler raised."""
        error = context.error
        if isinstance(error, StorageError) and isinstance(update, Update):
            self._failed[update.update_id] = error
            return
        # No traceback: its error's text can hold what a person wrote. The place is enough to find the mistake.
        log.error("an update could not be taken in: %s at %s", type(error).__name__, place_of(error))
