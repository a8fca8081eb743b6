"""What every queue of turns promises: in one process, and over procrastinate on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.delivery.lanes import Lanes
from bot.delivery.ports import TurnQueue
from bot.domain import Channel, Delivery, Turn, User
from bot.ports import Storage, UnitOfWork
from bot.storage.memory import MemoryStorage

NOW = datetime(2026, 11, 26, tzinfo=UTC)
WITHIN = 20.0  # seconds; a queue of many processes may take some


class Work:
    """Notes what begins and ends, and in which process; a turn ends when it is let go."""

    def __init__(self, name: str, seen: list[str], gates: dict[int, asyncio.Event]) -> None:
        self.name = name
        self.seen = seen
        self.gates = gates
        self.stopped: list[int] = []
        self.queue: TurnQueue
        self.end: Callable[[Turn], Awaitable[None]]

    async def __call__(self, turn: Turn) -> None:
        self.seen.append(f"+{turn.text}")
        try:
            await self.gates.setdefault(turn.id, asyncio.Event()).wait()
        except asyncio.CancelledError:
            self.seen.append(f"{'<' if self.queue.hands_back(turn.id) else 'x'}{turn.text}")
            raise
        await self.end(turn)
        self.seen.append(f"-{turn.text}")


class Bench:
    """A storage with turns, and one or several processes with a queue each."""

    def __init__(self, storage: Storage, make: Callable[[], Any], many: bool) -> None:
        self.storage = storage
        self.many = many
        self._make = make
        self.seen: list[str] = []
        self.gates: dict[int, asyncio.Event] = {}
        self._number = 0

    @asynccontextmanager
    async def process(self, up: bool = True) -> AsyncIterator[tuple[TurnQueue, Work]]:
        """A process; `up`: the channel is up in it."""
        async with self._make() as queue:
            work = Work(f"p{self._number}", self.seen, self.gates)
            work.queue, work.end = queue, self.end
            queue.work_with(work, work.stopped.append)
            if up:
                queue.open(Channel.TELEGRAM, "bot")
            yield queue, work
            for gate in self.gates.values():
                gate.set()
            await queue.close(0.5)

    async def turn(self, text: str, conversation: str = "a") -> Turn:
        self._number += 1
        number = self._number

        def keep(work: UnitOfWork) -> Turn:
            work.conversations.ensure(conversation, Channel.TELEGRAM, NOW)
            user = work.users.ensure(User(Channel.TELEGRAM, "1"))
            return work.turns.accept(Turn(Channel.TELEGRAM, conversation, user.id, text, str(number), NOW, "bot"))[0]

        return await self.storage.run(keep)

    async def until(self, *seen: str, within: float = WITHIN) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + within
        while not set(seen) <= set(self.seen):
            assert clock() < end, f"waited for {seen}, saw {self.seen}"
            await asyncio.sleep(0.01)

    async def end(self, turn: Turn) -> None:
        """Nothing more is to be done for a turn."""
        await self.storage.run(lambda work: work.deliveries.ended(turn.id, Delivery.DELIVERED, 0))

    def let_go(self, *turns: Turn) -> None:
        for turn in turns:
            self.gates.setdefault(turn.id, asyncio.Event()).set()


@pytest.fixture(params=["lanes", "procrastinate"])
def bench(request: pytest.FixtureRequest) -> Any:
    if request.param == "lanes":

        @asynccontextmanager
        async def lanes() -> AsyncIterator[TurnQueue]:
            yield Lanes()

        yield Bench(MemoryStorage(), lanes, many=False)
        return
    from bot.queueing.bus import PostgresBus
    from bot.queueing.jobs import Jobs
    from bot.queueing.queue import ProcrastinateQueue
    from bot.storage.engine import plain_url
    from bot.storage.sql import SqlStorage

    url = request.getfixturevalue("postgres_url")
    storage = SqlStorage(url)

    @asynccontextmanager
    async def process() -> AsyncIterator[TurnQueue]:
        jobs = Jobs(plain_url(url), stop_seconds=0.5)
        bus = PostgresBus(jobs)
        queue = ProcrastinateQueue(jobs, bus, storage)
        async with jobs.opened():
            hearing = asyncio.create_task(bus.run())
            yield queue
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    yield Bench(storage, process, many=True)
    storage.close()


async def test_a_conversation_in_order_and_others_beside_it(bench: Bench) -> None:
    one, two, other = [await bench.turn(*each) for each in (("1", "a"), ("2", "a"), ("3", "b"))]
    async with bench.process() as (queue, _):
        for turn in (one, two, other):
            assert await queue.put(turn)
        await bench.until("+1", "+3")
        assert "+2" not in bench.seen
        bench.let_go(one)
        await bench.until("-1", "+2")
        bench.let_go(two, other)
        await bench.until("-2", "-3")


async def test_a_turn_is_put_once_and_may_go_before_others(bench: Bench) -> None:
    turns = [await bench.turn(str(number)) for number in range(4)]
    async with bench.process() as (queue, _):
        await queue.put(turns[0])
        await bench.until("+0")
        assert await queue.put(turns[1]) and not await queue.put(turns[1])
        assert await queue.put(turns[2]) and await queue.put(turns[3], first=True)
        for turn in turns:
            bench.let_go(turn)
        await bench.until("-1", "-2", "-3")
        begun = [seen for seen in bench.seen if seen.startswith("+")]
        assert begun == ["+0", "+3", "+1", "+2"]


async def test_a_turn_may_wait_a_while(bench: Bench) -> None:
    later, other = await bench.turn("later"), await bench.turn("other", "b")
    bench.let_go(later, other)
    async with bench.process() as (queue, _):
        clock = asyncio.get_running_loop().time
        begun = clock()
        await queue.put(later, after=1.0)
        await queue.put(other)
        await bench.until("-other")
        assert "+later" not in bench.seen
        await bench.until("-later")
        assert clock() - begun >= 0.9


async def test_a_turn_can_be_taken_out_wherever_it_is(bench: Bench) -> None:
    one, two, three = [await bench.turn(str(number)) for number in (1, 2, 3)]
    async with bench.process() as (queue, _):
        for turn in (one, two, three):
            await queue.put(turn)
        await bench.until("+1")
        for turn in (one, two):
            await bench.end(turn)
        assert await queue.cancel(two.id) and await queue.cancel(one.id)
        await bench.until("x1", "+3")
        assert not await queue.cancel(one.id) and not await queue.cancel(99)
        assert "+2" not in bench.seen
        bench.let_go(three)
        await bench.until("-3")


async def test_a_mistake_in_one_turn_does_not_end_the_others(bench: Bench) -> None:
    broken, after = await bench.turn("broken"), await bench.turn("after", "b")

    async with bench.process() as (queue, work):
        failures = []

        async def fails(turn: Turn) -> None:
            if turn.id == broken.id and not failures:
                failures.append(turn.id)
                raise RuntimeError
            await work(turn)

        queue.work_with(fails, lambda _: None)
        bench.let_go(after)
        await queue.put(broken)
        await queue.put(after)
        await bench.until("-after")
        assert failures == [broken.id]


async def test_closing_finishes_what_it_can_and_hands_back_the_rest(bench: Bench) -> None:
    quick, slow, waiting = await bench.turn("quick"), await bench.turn("slow", "b"), await bench.turn("waiting", "b")
    async with bench.process() as (queue, _):
        for turn in (quick, slow, waiting):
            await queue.put(turn)
        await bench.until("+quick", "+slow")
        closing = asyncio.create_task(queue.close(1.0))
        await asyncio.sleep(0.05)
        assert await queue.put(await bench.turn("late", "c")) is bench.many  # for another process
        bench.let_go(quick)
        await closing
        assert "-quick" in bench.seen and "<slow" in bench.seen
        assert "+waiting" not in bench.seen
    bench.seen.clear()
    bench.let_go(slow, waiting)
    async with bench.process() as (queue, _):
        if not bench.many:  # what a queue of one process loses, the reception puts again
            await queue.put(slow)
            await queue.put(waiting)
        await bench.until("-slow", "-waiting")
        assert bench.seen.index("-slow") < bench.seen.index("+waiting")


async def test_a_turn_that_was_queued_late_is_not_overtaken(bench: Bench) -> None:
    """Kept and not queued, as the process was killed in between; by then another came."""
    if not bench.many:
        pytest.skip("in one process what is kept is queued, in order, at the start")
    early, late = await bench.turn("early"), await bench.turn("late")
    bench.let_go(early, late)
    async with bench.process() as (queue, _):
        await queue.put(late)
        await queue.put(early)
        await bench.until("-late", "-early")
        await asyncio.sleep(0.2)
        assert bench.seen == ["+early", "-early", "+late", "-late"]


async def test_a_delivered_turn_is_let_be(bench: Bench) -> None:
    if not bench.many:
        pytest.skip("in one process the work itself looks")
    done, other = await bench.turn("done"), await bench.turn("other")
    await bench.storage.run(lambda work: work.deliveries.ended(done.id, Delivery.DELIVERED, 0))
    bench.let_go(other)
    async with bench.process() as (queue, _):
        await queue.put(done)
        await queue.put(other)
        await bench.until("-other")
        assert "+done" not in bench.seen


async def test_several_processes_work_on_one_queue_and_reach_one_another(bench: Bench) -> None:
    if not bench.many:
        pytest.skip("there is one process")
    one, two = await bench.turn("1"), await bench.turn("2")
    async with bench.process() as (working, work), bench.process(up=False) as (asking, _):
        await asking.put(one)
        await asking.put(two)
        await bench.until("+1")
        await asyncio.sleep(0.5)  # NOTIFY is heard once LISTEN was said
        await asking.stop(one.id)
        while not work.stopped:  # noqa: ASYNC110 - it comes from another process
            await asyncio.sleep(0.01)
        assert work.stopped == [one.id]
        await bench.end(one)
        assert await asking.cancel(one.id)
        await bench.until("x1", "+2")
        assert await asking.cancel(two.id, wait=False) is False  # it is told, and goes by itself
        await bench.until("x2")
        assert working is not asking


async def test_the_turn_of_a_process_that_is_gone_is_taken_up_by_another(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not bench.many:
        pytest.skip("there is one process")
    from bot.queueing import jobs

    monkeypatch.setattr(jobs, "HEARTBEAT", 0.2)
    monkeypatch.setattr(jobs, "STALLED", 1.0)
    monkeypatch.setattr(jobs, "RECOVER_EVERY", 0.2)
    turn = await bench.turn("1")
    async with bench.process() as (queue, _):
        await queue.put(turn)
        await bench.until("+1")
        # A heartbeat that stays away, as that of a killed process does.
        await queue._jobs._connector.execute_query_async(  # type: ignore[attr-defined]
            "DELETE FROM procrastinate_workers"
        )
        bench.seen.clear()
        async with bench.process():
            await bench.until("+1")
