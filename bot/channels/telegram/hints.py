"""Sentences for messages that never become a turn: a photo without words, a file that is too large."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict

from telegram import Message, ReplyParameters

from bot.channels.telegram import convert
from bot.channels.telegram.background import Background
from bot.channels.telegram.convert import Place
from bot.channels.telegram.errors import door
from bot.ports import Texts

log = logging.getLogger(__name__)
MOST = 10_000


class Hints:
    """Tells people once in a while, at most one sentence a chat in `every` seconds: nobody waits for them, and an
    album of twenty photos needs one.
    """

    def __init__(self, texts: Texts, background: Background, every: float) -> None:
        self._texts = texts
        self._background = background
        self._every = every
        self._told: OrderedDict[int, float] = OrderedDict()

    def give(self, message: Message, where: Place) -> None:
        """Say what can be done with a message without words."""
        self.tell(message, where, "telegram-file-without-words" if message.document else "telegram-only-text")

    def tell(self, message: Message, where: Place, text_id: str, **values: str | int | float) -> None:
        """Say a sentence in the person's language."""
        now = asyncio.get_running_loop().time()
        if now - self._told.get(where.chat, -self._every) < self._every:
            return
        self._told[where.chat] = now
        self._told.move_to_end(where.chat)
        if len(self._told) > MOST:
            self._told.popitem(last=False)
        text = self._texts(text_id, convert.locale(message.from_user) or "en", **values)
        self._background.start(_send(message, where, text))


async def _send(message: Message, where: Place, text: str) -> None:
    quoting = ReplyParameters(message.message_id, allow_sending_without_reply=True) if where.group else None
    with door():
        await message.get_bot().send_message(
            where.chat, text, message_thread_id=where.topic or None, reply_parameters=quoting
        )
