"""What is kept of a turn, however it ends."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from bot.delivery.inbox import CONSOLE_USER
from bot.domain import Completed, Failed, Role, TextDelta, TurnState
from bot.errors import InvalidInput
from tests.support.desk import Desk
from tests.support.skills import EchoSkill


@pytest.fixture
def echo() -> EchoSkill:
    return EchoSkill()


@pytest.fixture
def desk(echo: EchoSkill) -> Desk:
    return Desk([echo], default_skill="echo")


async def history(desk: Desk) -> list[tuple[Role, str]]:
    messages = await desk.storage.run(lambda work: work.conversations.history("console:test", 10))
    return [(message.role, message.text) for message in messages]


async def state(desk: Desk, turn_id: int) -> TurnState:
    turn = await desk.storage.run(lambda work: work.turns.get(turn_id))
    assert turn is not None
    return turn.state


async def test_an_answered_turn_is_kept_with_its_reply(desk: Desk) -> None:
    assert await desk.say("good day") == "good day"
    assert await history(desk) == [(Role.USER, "good day"), (Role.ASSISTANT, "good day")]
    assert await desk.storage.run(lambda work: list(work.turns.unfinished())) == []


async def test_the_reply_is_kept_before_its_completion_is_told(desk: Desk) -> None:
    turn = await desk.inbox.accept(CONSOLE_USER, "console:test", "good day")
    async with aclosing(desk.conductor.answer(turn)) as events:
        async for event in events:
            if isinstance(event, Completed):
                assert await state(desk, turn.id) is TurnState.ANSWERED
                break


async def test_a_cancelled_turn_keeps_what_was_seen(desk: Desk, echo: EchoSkill) -> None:
    turn = await desk.inbox.accept(CONSOLE_USER, "console:test", "slow and steady")

    async def answer() -> None:
        async with aclosing(desk.conductor.answer(turn)) as events:
            async for _ in events:
                pass

    task = asyncio.create_task(answer())
    await echo.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert echo.closed
    assert await state(desk, turn.id) is TurnState.INTERRUPTED
    assert await history(desk) == [(Role.USER, "slow and steady"), (Role.ASSISTANT, "slow")]


async def test_a_closed_stream_is_an_interrupted_turn(desk: Desk, echo: EchoSkill) -> None:
    turn = await desk.inbox.accept(CONSOLE_USER, "console:test", "slow one")
    events = desk.conductor.answer(turn)
    async for event in events:
        if isinstance(event, TextDelta):
            break
    await events.aclose()
    assert echo.closed
    assert await state(desk, turn.id) is TurnState.INTERRUPTED


async def test_a_broken_skill_is_told_without_its_secrets(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    turn = await desk.inbox.accept(CONSOLE_USER, "console:test", "boom")
    async with aclosing(desk.conductor.answer(turn)) as events:
        seen = [event async for event in events]
    assert isinstance(seen[-1], Failed)
    assert "secret" not in seen[-1].reason
    assert await state(desk, turn.id) is TurnState.FAILED


@pytest.mark.parametrize("text", ["", "   \n", "\x00\x07", "\ud800"])
async def test_an_empty_message_is_refused(desk: Desk, text: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        await desk.inbox.accept(CONSOLE_USER, "console:test", text)
    assert raised.value.text_id == "empty-message"


async def test_a_message_of_100_000_characters_is_refused_with_the_limit(desk: Desk) -> None:
    with pytest.raises(InvalidInput, match=r"100000 characters; at most 8000"):
        await desk.inbox.accept(CONSOLE_USER, "console:test", "x" * 100_000)


async def test_the_same_update_again_changes_nothing(desk: Desk) -> None:
    first = await desk.inbox.accept(CONSOLE_USER, "console:test", "once", update_id="7")
    again = await desk.inbox.accept(CONSOLE_USER, "console:test", "once", update_id="7")
    assert first.id == again.id
    assert await history(desk) == [(Role.USER, "once")]


@pytest.mark.parametrize("text", ["👩‍👩‍👧 family", "שלום עולם", "a\x00b\tc", "lone \ud83d surrogate", "多行\r\n文本"])
async def test_odd_text_passes_clean(desk: Desk, text: str) -> None:
    said = await desk.say(text)
    assert said
    said.encode("utf-8")
    assert "\x00" not in said


async def test_a_turn_that_is_handed_back_stays_unfinished(desk: Desk, echo: EchoSkill) -> None:
    turn = await desk.inbox.accept(CONSOLE_USER, "console:test", "slow and steady")
    async with aclosing(desk.conductor.answer(turn, lambda: True)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    assert echo.closed and await state(desk, turn.id) is TurnState.WORKING


async def test_a_turn_that_is_cancelled_while_it_is_noted_as_begun_is_interrupted(desk: Desk) -> None:
    turn = await desk.inbox.accept(CONSOLE_USER, "console:test", "good day")
    run, begun = desk.storage.run, asyncio.Event()

    async def slow(work: Any) -> Any:  # as a database: the transaction goes on though its caller was cancelled
        begun.set()
        return await asyncio.shield(asyncio.ensure_future(later(work)))

    async def later(work: Any) -> Any:
        await asyncio.sleep(0.02)
        return await run(work)

    desk.storage.run = slow  # type: ignore[method-assign]
    answering = asyncio.ensure_future(anext(desk.conductor.answer(turn)))
    await begun.wait()
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    await asyncio.sleep(0.05)
    assert await state(desk, turn.id) is TurnState.INTERRUPTED
