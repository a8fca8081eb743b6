"""The queue of turns over procrastinate: a job a turn, with a lock a conversation, done where its channel is up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain import Channel, Turn
from bot.errors import StorageError
from bot.ports import Storage, UnitOfWork
from bot.queueing.bus import Bus
from bot.queueing.jobs import Jobs

log = logging.getLogger(__name__)

TASK = "deliver"
FIRST = 100  # the priority of what goes before the others of its conversation
LONGEST_CANCEL = 30.0  # seconds, for another process to let a turn go
ENDED_WITHIN = 10.0  # seconds, for a worker whose database is away


def queue_of(channel: Channel, bot: str) -> str:
    """The queue of a channel's turns."""
    return f"{TASK}:{channel}:{bot}"


@dataclass(slots=True)
class _Running:
    """What is done for a turn of a queue. `returns`: it ends here to be taken up by another run."""

    queue: str
    work: asyncio.Future[None]
    returns: bool = False

    def hand_back(self) -> None:
        self.returns = True
        self.work.cancel()


class ProcrastinateQueue:
    """`bot.delivery.ports.TurnQueue` for processes that share a PostgreSQL. `alone` are the channels that one process
    runs at a time (`bot.queueing.leading`).
    """

    def __init__(
        self,
        jobs: Jobs,
        bus: Bus,
        storage: Storage,
        at_once: int = 200,
        alone: Container[Channel] = (),
    ) -> None:
        self._jobs = jobs
        self._bus = bus
        self._storage = storage
        self._at_once = at_once
        self._alone = alone
        self._work: Callable[[Turn], Awaitable[None]] | None = None
        self._stop: Callable[[int], object] = lambda _: None
        self._running: dict[int, _Running] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        jobs.task(TASK, self._deliver)
        bus.hear(self._heard)

    def work_with(self, work: Callable[[Turn], Awaitable[None]], stop: Callable[[int], object]) -> None:
        self._work, self._stop = work, stop

    def open(self, channel: Channel, bot: str) -> None:
        name = queue_of(channel, bot)
        if name not in self._workers:
            self._workers[name] = asyncio.create_task(self._serve(name, channel in self._alone))

    async def _serve(self, name: str, alone: bool) -> None:
        if alone:  # who had the channel before is gone, or knows that it lost it
            await self._jobs.put_back(name)
        await self._jobs.work([name], self._at_once)

    def close_channel(self, channel: Channel, bot: str) -> None:
        """What is worked on goes back at once: the channel may be up in another process by now."""
        name = queue_of(channel, bot)
        worker = self._workers.pop(name, None)
        if worker is not None:
            worker.cancel()
            self._hand_back(running for running in self._running.values() if running.queue == name)

    def hands_back(self, turn_id: int) -> bool:
        running = self._running.get(turn_id)
        return running is not None and running.returns

    async def put(self, turn: Turn, first: bool = False, after: float = 0.0) -> bool:
        """Raises StorageError. A closed queue still takes turns, for other processes."""
        return await self._jobs.put(
            TASK,
            queue_of(turn.channel, turn.bot),
            {"turn": turn.id, "first": first},
            lock=turn.conversation_id,
            once=_once(turn.id),
            priority=FIRST if first else 0,
            after=after,
        )

    async def missing(self, turns: Sequence[Turn]) -> list[Turn]:
        """Raises StorageError."""
        there: set[str] = set()
        for queue in {queue_of(turn.channel, turn.bot) for turn in turns}:
            there |= await self._jobs.names(queue)
        return [turn for turn in turns if _once(turn.id) not in there]

    async def cancel(self, turn_id: int, wait: bool = True) -> bool:
        """Raises StorageError."""
        withdrawn = await self._jobs.withdraw(_once(turn_id))  # it may run all the same, in another's job perhaps
        mine = self._running.get(turn_id)
        if mine is not None:
            mine.work.cancel()
            if wait:
                await asyncio.wait([mine.work])
            return True
        await self._bus.tell({"cancel": turn_id})
        return (wait and await self._let_go(turn_id)) or withdrawn

    async def stop(self, turn_id: int) -> None:
        await self._bus.tell({"stop": turn_id})

    async def close(self, deadline: float) -> None:
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()  # takes nothing more, and waits for what runs
        try:
            if workers:
                await asyncio.wait(workers, timeout=deadline)
        finally:
            self._hand_back(self._running.values())
        if self._running:
            await asyncio.wait([running.work for running in self._running.values()])
        if workers:
            await asyncio.wait(workers, timeout=ENDED_WITHIN)

    def _hand_back(self, those: Iterable[_Running]) -> None:
        for running in list(those):
            running.hand_back()

    async def _deliver(self, turn: int, attempts: int, first: bool = False) -> None:
        """A job: its turn's work, after that of all that its conversation accepted before and that waits still. Jobs
        are in the order in which they were put: a turn that was put late, or put back, is not overtaken here.
        """

        def find(work: UnitOfWork) -> list[Turn]:
            known = work.turns.get(turn)
            return [] if known is None else [*([] if first else work.deliveries.before(turn)), known]

        for each in await self._storage.read(find):
            await self._do(each.id)

    async def _do(self, turn: int) -> None:
        """The work of one turn. Broken off by the worker it goes back, as the job does."""
        while (earlier := self._running.get(turn)) is not None:  # it counted as lost, and was not
            await asyncio.wait([earlier.work])
            await asyncio.sleep(0)  # until its job is over
        known = await self._storage.read(lambda work: work.turns.get(turn))
        if known is None or not known.to_deliver:
            return
        queue = queue_of(known.channel, known.bot)
        if queue not in self._workers:
            raise asyncio.CancelledError  # the channel was closed meanwhile: the job goes back
        assert self._work is not None, "work_with was called"
        running = self._running[turn] = _Running(queue, asyncio.ensure_future(self._work(known)))
        try:
            await asyncio.wait([running.work])
        except asyncio.CancelledError:
            running.hand_back()
            await asyncio.wait([running.work])
            raise
        finally:
            del self._running[turn]
        if running.returns:
            raise asyncio.CancelledError  # the job goes back
        if not running.work.cancelled() and (error := running.work.exception()) is not None:
            raise error

    def _heard(self, message: dict[str, Any]) -> None:
        if isinstance(stopped := message.get("stop"), int):
            self._stop(stopped)
        if isinstance(cancelled := message.get("cancel"), int) and (mine := self._running.get(cancelled)) is not None:
            mine.work.cancel()

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
