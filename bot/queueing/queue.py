"""The queue of turns over procrastinate: a job a turn, with a lock a conversation, done where its channel is up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from bot.domain import Channel, Turn
from bot.errors import StorageError
from bot.ports import Storage
from bot.queueing.bus import Bus
from bot.queueing.jobs import Jobs

log = logging.getLogger(__name__)

TASK = "deliver"
FIRST = 100  # the priority of what goes before the others of its conversation
LONGEST_CANCEL = 30.0  # seconds, for another process to let a turn go


def queue_of(channel: Channel, bot: str) -> str:
    """The queue of a channel's turns."""
    return f"{TASK}:{channel}:{bot}"


class ProcrastinateQueue:
    """`bot.delivery.ports.TurnQueue` for processes that share a PostgreSQL."""

    def __init__(self, jobs: Jobs, bus: Bus, storage: Storage, at_once: int = 200) -> None:
        self._jobs = jobs
        self._bus = bus
        self._storage = storage
        self._at_once = at_once
        self._work: Callable[[Turn], Awaitable[None]] | None = None
        self._stop: Callable[[int], object] = lambda _: None
        self._running: dict[int, asyncio.Future[None]] = {}
        self._returning: set[int] = set()
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._closed = False
        jobs.task(TASK, self._deliver)
        bus.hear(self._heard)

    def work_with(self, work: Callable[[Turn], Awaitable[None]], stop: Callable[[int], object]) -> None:
        self._work, self._stop = work, stop

    def open(self, channel: Channel, bot: str) -> None:
        name = queue_of(channel, bot)
        if name not in self._workers:
            self._workers[name] = asyncio.create_task(self._jobs.work([name], self._at_once))

    def close_channel(self, channel: Channel, bot: str) -> None:
        worker = self._workers.pop(queue_of(channel, bot), None)
        if worker is not None:
            worker.cancel()

    def hands_back(self, turn_id: int) -> bool:
        return turn_id in self._returning

    async def put(self, turn: Turn, first: bool = False, after: float = 0.0) -> bool:
        """Raises StorageError."""
        if self._closed:
            return False
        return await self._jobs.put(
            TASK,
            queue_of(turn.channel, turn.bot),
            {"turn": turn.id},
            lock=turn.conversation_id,
            once=_once(turn.id),
            priority=FIRST if first else 0,
            after=after,
        )

    async def cancel(self, turn_id: int, wait: bool = True) -> bool:
        """Raises StorageError."""
        if await self._jobs.withdraw(_once(turn_id)):
            return True
        mine = self._running.get(turn_id)
        if mine is None:
            await self._bus.tell({"cancel": turn_id})
            return wait and await self._let_go(turn_id)
        mine.cancel()
        if wait:
            await asyncio.wait([mine])
        return True

    async def stop(self, turn_id: int) -> None:
        await self._bus.tell({"stop": turn_id})

    async def close(self, deadline: float) -> None:
        self._closed = True
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()  # takes nothing more, and waits for what runs
        try:
            if workers:
                await asyncio.wait(workers, timeout=deadline)
        finally:
            for turn_id, work in self._running.items():
                self._returning.add(turn_id)
                work.cancel()
        if self._running:
            await asyncio.wait(list(self._running.values()))
        await asyncio.gather(*workers, return_exceptions=True)

    async def _deliver(self, turn: int, attempts: int) -> None:
        """A job: the turn's work. Broken off by the worker it goes back, as the turn does."""
        known = await self._storage.read(lambda work: work.turns.get(turn))
        if known is None or not known.to_deliver:
            return
        assert self._work is not None, "work_with was called"
        work = self._running[turn] = asyncio.ensure_future(self._work(known))
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError:
            self._returning.add(turn)
            work.cancel()
            await asyncio.wait([work])
            raise
        finally:
            returned = turn in self._returning
            self._returning.discard(turn)
            del self._running[turn]
        if returned:
            raise asyncio.CancelledError  # the job goes back
        if not work.cancelled() and (error := work.exception()) is not None:
            raise error

    def _heard(self, message: dict[str, Any]) -> None:
        if isinstance(stopped := message.get("stop"), int):
            self._stop(stopped)
        if isinstance(cancelled := message.get("cancel"), int) and (work := self._running.get(cancelled)) is not None:
            work.cancel()

    async def _let_go(self, turn_id: int) -> bool:
        """Wait until no process works on a turn any more; False if none did."""
        clock = asyncio.get_running_loop().time
        until, worked = clock() + LONGEST_CANCEL, False
        while await self._is_worked_on(turn_id):
            worked = True
            if clock() > until:
                raise StorageError(f"Another process does not let turn {turn_id} go.")
            await asyncio.sleep(0.1)
        return worked

    async def _is_worked_on(self, turn_id: int) -> bool:
        return await self._jobs.is_running(_once(turn_id))


def _once(turn_id: int) -> str:
    return f"{TASK} {turn_id}"
