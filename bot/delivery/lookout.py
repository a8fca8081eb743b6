"""The lookout: queues turns that are kept and not queued."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.delivery.ports import TurnQueue
from bot.domain import Channel
from bot.errors import StorageError
from bot.ports import Storage

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=30)


class Lookout:
    """Looks when a channel comes up, and now and then while it is: the database may have gone away between keeping a
    turn and queueing it, an operator may want another try, another process may have broken off.
    """

    def __init__(self, storage: Storage, queue: TurnQueue, now: Callable[[], datetime]) -> None:
        self._storage = storage
        self._queue = queue
        self._now = now
        self._watching: dict[tuple[Channel, str], asyncio.Task[None]] = {}

    def watch(self, channel: Channel, bot: str) -> None:
        """Look again and again, from now on."""
        if (channel, bot) not in self._watching:
            self._watching[channel, bot] = asyncio.create_task(self._watch(channel, bot))

    def leave(self, channel: Channel, bot: str) -> None:
        """Look no more."""
        watching = self._watching.pop((channel, bot), None)
        if watching is not None:
            watching.cancel()

    def close(self) -> None:
        for channel, bot in list(self._watching):
            self.leave(channel, bot)

    async def resume(self, channel: Channel, bot: str, older: timedelta = timedelta.min) -> int:
        """Queue what is not queued of the turns that are older than that; gives how many. Raises StorageError."""
        kept = await self._storage.read(lambda work: list(work.deliveries.waiting(channel, bot)))
        now = self._now()
        missing = await self._queue.missing([turn for turn in kept if now - turn.received_at >= older])
        return sum([await self._queue.put(turn) for turn in missing])

    async def _watch(self, channel: Channel, bot: str) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY.total_seconds())
            try:
                if found := await self.resume(channel, bot, LOOK_EVERY):
                    log.info("%d turns had been kept and not queued", found)
            except StorageError as error:
                log.warning("turns that are not queued cannot be looked for: %s", type(error).__name__)
