"""Lanes: one turn of a conversation at a time, in order; conversations side by side."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from bot.domain import Channel, Turn
from bot.mistakes import place_of

log = logging.getLogger(__name__)


class _Lane:
    """The turns of one conversation that wait, and the one that is worked on. `due` is the loop's time before which a
    turn is not begun.
    """

    __slots__ = ("current", "driver", "due", "waiting", "work")

    def __init__(self) -> None:
        self.waiting: deque[Turn] = deque()
        self.current: Turn | None = None
        self.work: asyncio.Future[None] | None = None
        self.driver: asyncio.Task[None] | None = None
        self.due: dict[int, float] = {}


class Lanes:
    """`bot.delivery.ports.TurnQueue` in one process: turns are worked on as tasks of the running loop. A lane is there
    as long as its conversation has work.

    >>> async def show(lanes: Lanes, turn: Turn) -> None:
    ...     await lanes.put(turn)
    ...     await lanes.close(deadline=10.0)
    """

    def __init__(self) -> None:
        self._work: Callable[[Turn], Awaitable[None]] | None = None
        self._lanes: dict[str, _Lane] = {}
        self._closed = False
        self.handing_back = False

    def __len__(self) -> int:
        """How many conversations have work."""
        return len(self._lanes)

    def work_with(self, work: Callable[[Turn], Awaitable[None]], stop: Callable[[int], object]) -> None:
        self._work = work

    def open(self, channel: Channel, bot: str) -> None:
        """All channels are in this process."""

    def close_channel(self, channel: Channel, bot: str) -> None:
        """As for `open`."""

    def hands_back(self, turn_id: int) -> bool:
        return self.handing_back

    async def stop(self, turn_id: int) -> None:
        """There is no elsewhere."""

    async def put(self, turn: Turn, first: bool = False, after: float = 0.0) -> bool:
        lane = self._lanes.get(turn.conversation_id) or _Lane()
        if self._closed or any(turn.id == other.id for other in (*lane.waiting, lane.current) if other):
            return False
        (lane.waiting.appendleft if first else lane.waiting.append)(turn)
        if after > 0:
            lane.due[turn.id] = asyncio.get_running_loop().time() + after
        if lane.driver is None:
            self._lanes[turn.conversation_id] = lane
            lane.driver = asyncio.create_task(self._drive(turn.conversation_id, lane))
        return True

    async def missing(self, turns: Sequence[Turn]) -> list[Turn]:
        there = {turn.id for lane in self._lanes.values() for turn in (*lane.waiting, lane.current) if turn}
        return [turn for turn in turns if turn.id not in there]

    def current(self, conversation_id: str) -> Turn | None:
        """The turn that is worked on there."""
        lane = self._lanes.get(conversation_id)
        return lane.current if lane is not None else None

    def waiting(self, conversation_id: str) -> tuple[Turn, ...]:
        """The turns that wait there, in order."""
        lane = self._lanes.get(conversation_id)
        return tuple(lane.waiting) if lane is not None else ()

    async def cancel(self, turn_id: int, wait: bool = True) -> bool:
        for lane in self._lanes.values():
            if lane.current is not None and lane.current.id == turn_id and lane.work is not None:
                lane.work.cancel()
                if wait:
                    await asyncio.wait([lane.work])
                return True
            for turn in lane.waiting:
                if turn.id == turn_id:
                    lane.waiting.remove(turn)
                    return True
        return False

    async def close(self, deadline: float) -> None:
        self._closed = True
        drivers = [lane.driver for lane in self._lanes.values() if lane.driver is not None]
        for lane in self._lanes.values():
            lane.waiting.clear()
        if not drivers:
            return
        try:
            await asyncio.wait(drivers, timeout=deadline)
        finally:  # also where nobody wants to wait for the deadline any more
            self.handing_back = True
            for lane in list(self._lanes.values()):
                if lane.work is not None:
                    lane.work.cancel()
            if late := [driver for driver in drivers if not driver.done()]:
                log.warning("%d turns were not finished in time; they are taken up at the next start", len(late))
                await asyncio.wait(late)  # what they do must not outlive the storage

    async def _drive(self, conversation_id: str, lane: _Lane) -> None:
        try:
            while lane.waiting:
                lane.current = lane.waiting.popleft()
                lane.work = asyncio.ensure_future(self._one(lane.current, lane.due.pop(lane.current.id, 0.0)))
                await asyncio.wait([lane.work])
                lane.current = lane.work = None
        finally:
            del self._lanes[conversation_id]

    async def _one(self, turn: Turn, due: float) -> None:
        assert self._work is not None, "work_with was called"
        try:
            if (pause := due - asyncio.get_running_loop().time()) > 0:
                await asyncio.sleep(pause)
            await self._work(turn)
        except Exception as error:  # noqa: BLE001 - one turn's mistake must not end the lane; it is left as it is
            # No traceback: an error's text can hold what a person wrote. The place is enough to find the mistake.
            log.error("turn %s broke off: %s at %s", turn.id, type(error).__name__, place_of(error))
