"""One turn of a conversation at a time, in order; conversations side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from bot.delivery.lanes import Lanes
from bot.domain import Channel, Turn


def turn(id_: int, conversation: str = "a") -> Turn:
    return Turn(Channel.TELEGRAM, conversation, 1, "?", str(id_), datetime(2026, 1, 1, tzinfo=UTC), id=id_)


class Work:
    """Notes what begins and ends; a turn ends when it is let go, or at once if it is quick."""

    def __init__(self, quick: bool = False) -> None:
        self.seen: list[str] = []
        self.gates: dict[int, asyncio.Event] = {}
        self.quick = quick

    async def __call__(self, turn_: Turn) -> None:
        self.seen.append(f"+{turn_.id}")
        try:
            if not self.quick:
                await self.gates.setdefault(turn_.id, asyncio.Event()).wait()
            if turn_.text == "boom":
                raise RuntimeError
        except asyncio.CancelledError:
            self.seen.append(f"x{turn_.id}")
            raise
        self.seen.append(f"-{turn_.id}")


def lanes_of(work: Callable[[Turn], Awaitable[None]]) -> Lanes:
    lanes = Lanes()
    lanes.work_with(work, lambda _: None)
    return lanes


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_conversation_in_order_and_others_beside_it() -> None:
    work = Work()
    lanes = lanes_of(work)
    for number, conversation in ((1, "a"), (2, "a"), (3, "b")):
        assert await lanes.put(turn(number, conversation))
    await settle()
    assert work.seen == ["+1", "+3"] and len(lanes) == 2
    work.gates[1].set()
    await settle()
    assert work.seen == ["+1", "+3", "-1", "+2"]
    assert lanes.current("a") == turn(2) and lanes.waiting("a") == ()
    work.gates[2].set()
    work.gates[3].set()
    await settle()
    assert len(lanes) == 0  # idle lanes vanish
    assert await lanes.put(turn(4))  # and come again
    await lanes.close(0.0)


async def test_a_turn_is_put_once_and_may_go_before_others() -> None:
    work = Work()
    lanes = lanes_of(work)
    assert await lanes.put(turn(1)) and await lanes.put(turn(2))
    assert not await lanes.put(turn(2))
    await settle()
    assert not await lanes.put(turn(1))
    assert await lanes.put(turn(3), first=True)
    assert [waiting.id for waiting in lanes.waiting("a")] == [3, 2]
    await lanes.close(0.0)


async def test_a_turn_can_be_taken_out_wherever_it_is() -> None:
    work = Work()
    lanes = lanes_of(work)
    for number in (1, 2, 3):
        await lanes.put(turn(number))
    await settle()
    assert await lanes.cancel(2) and await lanes.cancel(1)
    assert work.seen[:2] == ["+1", "x1"]
    assert not await lanes.cancel(1) and not await lanes.cancel(99)
    await settle()
    assert work.seen == ["+1", "x1", "+3"]
    await lanes.close(0.0)


async def test_a_mistake_in_one_turn_does_not_end_the_lane() -> None:
    work = Work(quick=True)
    lanes = lanes_of(work)
    broken = Turn(Channel.TELEGRAM, "a", 1, "boom", "9", datetime(2026, 1, 1, tzinfo=UTC), id=9)
    await lanes.put(broken)
    await lanes.put(turn(10))
    await settle()
    assert work.seen == ["+9", "+10", "-10"]


async def test_closing_finishes_what_is_worked_on_and_leaves_the_rest() -> None:
    work = Work()
    lanes = lanes_of(work)
    await lanes.put(turn(1))
    await lanes.put(turn(2))
    await settle()
    closing = asyncio.create_task(lanes.close(5.0))
    await settle()
    assert not await lanes.put(turn(3, "c"))
    work.gates[1].set()
    await closing
    assert work.seen == ["+1", "-1"] and len(lanes) == 0


async def test_what_is_late_is_handed_back() -> None:
    work = Work()
    lanes = lanes_of(work)
    await lanes.put(turn(1))
    await settle()
    assert not lanes.handing_back
    await lanes.close(0.0)
    assert lanes.handing_back and work.seen == ["+1", "x1"]


async def test_what_is_worked_on_is_handed_back_as_well_where_closing_is_cut_short() -> None:
    """The operator presses Ctrl-C a second time."""
    work = Work()
    lanes = lanes_of(work)
    await lanes.put(turn(1))
    await settle()
    closing = asyncio.create_task(lanes.close(60.0))
    await settle()
    closing.cancel()
    await asyncio.wait([closing])
    await settle()
    assert lanes.handing_back and work.seen == ["+1", "x1"] and len(lanes) == 0


async def test_a_mistake_is_logged_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    async def work(_: Turn) -> None:
        raise ValueError("what a person said")

    lanes = lanes_of(work)
    await lanes.put(turn(1))
    await settle()
    assert "ValueError" in caplog.text and "turn 1 " in caplog.text
    assert "what a person said" not in caplog.text
