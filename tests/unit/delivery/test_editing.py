"""A question that is edited or deleted, while it is answered and afterwards."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.domain import Channel, TurnState
from tests.support.reception_desk import HERE, ReceptionDesk, virtually


@virtually
async def test_an_edit_while_the_first_edit_waits_still_takes_the_message_over(desk: ReceptionDesk) -> None:
    first = await desk.says("slow one", message="m")
    await asyncio.sleep(3)
    assert desk.texts == ["slow"]
    second = await desk.edits("m", "two")
    third = await desk.edits("m", "three")  # before the second has begun
    await asyncio.sleep(5)
    assert desk.texts == ["three"]
    assert [await desk.state(turn) for turn in (first, second)] == [TurnState.REPLACED] * 2
    assert await desk.state(third) is TurnState.ANSWERED
    assert await desk.edits("m", " three ") is None  # nothing is changed by it
    assert await desk.edits("m", "theirs", who="2") is None
    assert await desk.edits("unknown", "x") is None
    assert await desk.edits("", "x") is None


@virtually
async def test_a_question_deleted_while_it_is_answered(desk: ReceptionDesk) -> None:
    turn = await desk.says("slow one", message="m")
    await asyncio.sleep(3)
    assert desk.texts == ["slow"]
    await desk.reception.deleted(Channel.TELEGRAM, "parley", HERE, "m")
    await asyncio.sleep(3)
    assert desk.texts == [] and await desk.state(turn) is TurnState.INTERRUPTED
    await desk.says("done", message="n")
    await asyncio.sleep(3)
    await desk.reception.deleted(Channel.TELEGRAM, "parley", HERE, "n")
    assert desk.texts == ["done"]  # an answered question's answer stays


@virtually
async def test_edits_at_the_same_instant_leave_one_answer(desk: ReceptionDesk) -> None:
    await desk.says("one", message="m")
    await asyncio.sleep(3)
    storage = desk.desk.storage
    read = storage.read

    async def together(work: Any) -> Any:
        found = await read(work)
        await asyncio.sleep(0.1)
        return found

    storage.read = together  # type: ignore[method-assign]
    await asyncio.gather(desk.edits("m", "two"), desk.edits("m", "three"))
    await asyncio.sleep(10)
    assert desk.texts == ["three"]


@virtually
async def test_a_question_that_is_edited_to_stop_is_stopped(desk: ReceptionDesk) -> None:
    turn = await desk.says("slow one", message="m")
    await asyncio.sleep(3)
    assert await desk.edits("m", "/stop") is None
    await asyncio.sleep(3)
    assert desk.texts == ["slow\n(stopped)"] and await desk.state(turn) is TurnState.INTERRUPTED


@virtually
async def test_an_edit_does_not_wait_for_a_platform_that_does_not_answer(desk: ReceptionDesk) -> None:
    """Whoever takes updates in would wait as well, and everybody behind it."""
    await desk.says("slow one", message="m")
    desk.platform.delay = 40.0
    await asyncio.sleep(5)
    before = asyncio.get_running_loop().time()
    assert await desk.edits("m", "two") is not None
    assert asyncio.get_running_loop().time() - before < 1
    desk.platform.delay = 0.0
    await asyncio.sleep(100)
    assert desk.texts == ["two"]
