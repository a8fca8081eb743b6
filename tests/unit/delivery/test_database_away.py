"""A database in trouble, and another process that was faster: no answer is lost, none comes twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain import TurnState
from bot.errors import StorageError
from tests.support.reception_desk import ReceptionDesk, virtually

NOW = datetime(2026, 11, 26, tzinfo=UTC)


@virtually
async def test_a_database_that_is_busy_for_a_moment_costs_no_answer(desk: ReceptionDesk) -> None:
    turn = await desk.says("slow one two three")
    await asyncio.sleep(3)
    storage = desk.desk.storage
    run, left = storage.run, [3]

    async def busy(work: Any) -> Any:
        if left[0] > 0:
            left[0] -= 1
            raise StorageError("The database is busy.")
        return await run(work)

    storage.run = busy  # type: ignore[method-assign]
    desk.skill.go_on.set()
    await asyncio.sleep(30)
    assert desk.texts == ["slow one two three"] and await desk.state(turn) is TurnState.ANSWERED
    left[0] = 10**6  # for longer: the answer comes once the database is well again
    storage.run = run  # type: ignore[method-assign]
    await desk.says("offer")
    storage.run = busy  # type: ignore[method-assign]
    await asyncio.sleep(60)
    assert len(desk.texts) == 1
    storage.run = run  # type: ignore[method-assign]
    await asyncio.sleep(60)
    assert len(desk.texts) == 2


@virtually
async def test_a_database_that_is_away_when_an_answer_begins_costs_no_answer(desk: ReceptionDesk) -> None:
    storage = desk.desk.storage
    run, away = storage.run, [False]

    async def sometimes(work: Any) -> Any:
        if away[0]:
            raise StorageError("The database is away.")
        return await run(work)

    storage.run = sometimes  # type: ignore[method-assign]
    start = desk.desk.conductor.answer

    def answer(*arguments: Any) -> Any:
        away[0] = True  # taken up, and not begun
        return start(*arguments)

    desk.desk.conductor.answer = answer  # type: ignore[method-assign]
    turn = await desk.says("hello")
    await asyncio.sleep(120)
    assert desk.texts == []
    desk.desk.conductor.answer = start  # type: ignore[method-assign]
    away[0] = False
    await asyncio.sleep(120)
    assert desk.texts == ["hello"] and await desk.state(turn) is TurnState.ANSWERED


@virtually
async def test_a_message_that_was_kept_and_could_not_be_queued_is_queued_when_it_is_given_again(
    desk: ReceptionDesk,
) -> None:
    queue = desk.reception._answering.queue
    put = queue.put

    async def away(*arguments: Any) -> bool:
        raise StorageError("The database is away.")

    queue.put = away  # type: ignore[method-assign]
    incoming = desk.incoming("hello")
    with pytest.raises(StorageError):
        await desk.reception.receive(incoming)
    queue.put = put  # type: ignore[method-assign]
    assert await desk.reception.receive(incoming) is None
    await asyncio.sleep(10)
    assert desk.texts == ["hello"]


@virtually
async def test_one_that_was_paused_does_not_end_the_turn_that_is_anothers_by_now(desk: ReceptionDesk) -> None:
    turn = await desk.says("steady 1 2 3 4 5 6 7 8 9")
    await asyncio.sleep(3)
    assert turn is not None
    await desk.desk.storage.run(lambda work: work.deliveries.take_up(turn.id, NOW))  # as another process does
    await asyncio.sleep(3)
    assert await desk.state(turn) is TurnState.WORKING
