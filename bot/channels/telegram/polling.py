"""Long polling. An update is confirmed, by the next call's offset, only after its turn is kept.

The library's own Updater confirms what it has fetched, so that a crash before the commit would lose it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.channels.telegram.client import Client
from bot.channels.telegram.errors import REFUSED, SECOND_POLLER, translated
from bot.channels.telegram.timing import Timing
from bot.channels.telegram.updates import ALLOWED, TakeIn, is_slow
from bot.errors import ChannelError, StorageError, TryLater

log = logging.getLogger(__name__)


class Polling:
    """Fetches updates and hands them to `take_in` one after the other. Those with a file to be downloaded go on beside
    the others; until they are kept, Telegram is asked again from there, and what is known already is skipped.
    """

    def __init__(self, client: Client, take_in: TakeIn, timing: Timing, tell: Callable[[str], None]) -> None:
        self._client = client
        self._take_in = take_in
        self._timing = timing
        self._tell_operator = tell
        self._slow: dict[int, asyncio.Task[None]] = {}
        self._newest: int | None = None
        self._trouble = ""
        self._pause = timing.first_pause

    async def run(self, ready: Callable[[], None]) -> None:
        """Until cancelled. Raises ChannelError where Telegram refuses the token."""
        await self._without_webhook()
        wait = 0.0  # the first call tells at once whether all is well
        try:
            while True:
                beside = bool(self._slow)  # before the call: the file may come meanwhile
                updates = await self._fetch(0.0 if beside else wait)
                if updates is None:
                    continue
                if not wait:
                    ready()
                    wait = self._timing.poll
                # Beside a file that is still coming, Telegram gives again what follows it and is kept already.
                seen = self._newest if beside else None
                for update in updates:
                    if seen is None or update.get("update_id", 0) > seen:
                        await self._take(update)
                if self._slow:
                    await asyncio.wait(self._slow.values(), timeout=self._timing.slow_pause)
        finally:
            downloading = list(self._slow.values())
            for task in downloading:
                task.cancel()
            await asyncio.gather(*downloading, return_exceptions=True)

    async def _without_webhook(self) -> None:
        """A webhook of an earlier time would keep the updates from us. Waiting updates are not dropped."""
        try:
            if (await self._client.get_webhook_info()).url:
                await self._client.delete_webhook(drop_pending_updates=False)
                log.warning("the webhook that was set is deleted, as telegram.webhook.url is empty")
        except TelegramError as error:
            raise translated(error) from None

    async def _fetch(self, wait: float) -> list[dict[str, Any]] | None:
        """The next updates; None after trouble, for which it has waited."""
        try:
            updates = await self._client.raw_updates(self._offset(), wait, ALLOWED)
        except TelegramError as error:
            await self._recover(error)
            return None
        if self._trouble:
            log.warning("Telegram answers again")
        self._trouble, self._pause = "", self._timing.first_pause
        return updates

    def _offset(self) -> int | None:
        if self._slow:
            return min(self._slow)
        return None if self._newest is None else self._newest + 1

    async def _take(self, update: dict[str, Any]) -> None:
        number = update.get("update_id")
        if not isinstance(number, int):
            return
        if is_slow(update):
            task = self._slow[number] = asyncio.create_task(self._kept(update))
            task.add_done_callback(lambda _: self._slow.pop(number, None))
        else:
            await self._kept(update)
        self._newest = number

    async def _kept(self, update: dict[str, Any]) -> None:
        """Take an update, again and again while the database fails: confirming it would lose it."""
        pause = self._timing.first_pause
        while True:
            try:
                return await self._take_in(update)
            except StorageError as error:
                log.error("an update cannot be kept (%s); trying again in %.0f s", type(error).__name__, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._timing.longest_pause)

    async def _recover(self, error: TelegramError) -> None:
        if isinstance(error, InvalidToken):
            raise ChannelError(REFUSED) from None
        kind = type(error).__name__
        if isinstance(error, Conflict):
            self._tell(kind, SECOND_POLLER)
            await asyncio.sleep(self._timing.conflict_pause)
            return
        found = translated(error)
        self._tell(kind, f"Telegram does not answer ({kind}); Parley goes on trying.")
        asked = found.after if isinstance(found, TryLater) and isinstance(error, RetryAfter) else None
        await asyncio.sleep(asked if asked is not None else self._pause)
        self._pause = min(2 * self._pause, self._timing.longest_pause)

    def _tell(self, kind: str, sentence: str) -> None:
        """Once for each kind of trouble, until all is well again."""
        if kind != self._trouble:
            self._tell_operator(sentence)
        self._trouble = kind
