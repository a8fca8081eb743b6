"""A person has everything forgotten while an answer to them is on its way: it ends quietly, and nothing stays."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from bot.delivery.inbox import CONSOLE_USER
from bot.domain import Channel, TextDelta, Turn, User
from tests.support.desk import Desk
from tests.support.reception_desk import ReceptionDesk
from tests.support.skills import EchoSkill
from tests.support.virtual_time import run_virtually


async def forget(desk: Desk, turn: Turn | None) -> None:
    assert turn is not None
    await desk.storage.run(lambda work: work.users.forget(turn.user_id))


def troubles(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Warnings and errors that were logged."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


async def test_the_events_of_a_forgotten_turn_end() -> None:
    desk = Desk([EchoSkill()], default_skill="echo")
    turn = await desk.inbox.accept(CONSOLE_USER, "console:test", "good day")
    seen = []
    async for event in desk.conductor.answer(turn):
        seen.append(event)
        if isinstance(event, TextDelta):
            await forget(desk, turn)
    assert isinstance(seen[-1], TextDelta)  # nothing is completed
    assert [event async for event in desk.conductor.answer(turn)] == []


@pytest.mark.parametrize("text", ["slow one", "slow " + "x" * 250])
def test_what_is_shown_of_a_forgotten_answer_is_taken_away(text: str, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        desk = ReceptionDesk()
        turn = await desk.says(text)
        await asyncio.sleep(3)
        assert desk.texts == ["slow"]
        await forget(desk.desk, turn)
        desk.skill.go_on.set()
        await asyncio.sleep(10)
        assert desk.texts == []
        await desk.says("hello again")
        await asyncio.sleep(10)
        assert desk.texts == ["hello again"]
        await desk.reception.aclose()

    run_virtually(main())
    assert troubles(caplog) == []


def test_forgotten_while_the_parts_are_sent(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        desk = ReceptionDesk()
        desk.platform.delay = 1.0
        turn = await desk.says("long 200")
        await asyncio.sleep(4)
        assert 1 <= len(desk.texts) < 8
        await forget(desk.desk, turn)
        await asyncio.sleep(60)
        assert desk.texts == []
        await desk.reception.aclose()

    run_virtually(main())
    assert troubles(caplog) == []


def test_a_stopped_answer_that_was_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        desk = ReceptionDesk()
        turn = await desk.says("slow one")
        await asyncio.sleep(3)
        await forget(desk.desk, turn)
        await desk.says("/stop")
        await asyncio.sleep(3)
        assert desk.texts == []
        await desk.reception.aclose()

    run_virtually(main())
    assert troubles(caplog) == []


def test_forgotten_while_another_answer_waits_to_be_made(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        desk = ReceptionDesk()
        await desk.says("hello")
        await asyncio.sleep(3)
        again, good = desk.actions("🔄")[0], desk.actions("👍")[0]
        await desk.says("slow one", who="2")
        await asyncio.sleep(3)
        await desk.acts(again)
        person = await desk.desk.storage.run(lambda work: work.users.ensure(User(Channel.TELEGRAM, "1")))
        await desk.desk.storage.run(lambda work: work.users.forget(person.id))
        desk.skill.go_on.set()
        await asyncio.sleep(10)
        assert len(desk.skill.heard) == 2  # the other answer was not made any more
        assert (await desk.acts(good)).text == (await desk.acts(again)).text == "This button has expired."
        await desk.reception.aclose()

    run_virtually(main())
    assert troubles(caplog) == []


def test_a_press_on_what_is_forgotten_in_that_moment() -> None:
    async def main() -> None:
        desk = ReceptionDesk()
        storage = desk.desk.storage
        for label in ("👍", "🔄"):
            turn = await desk.says("hello")
            await asyncio.sleep(3)
            run: Callable[..., Any] = storage.run

            async def once(work: Any, run: Any = run, turn: Any = turn) -> Any:
                found = await run(work)
                storage.run = run  # type: ignore[method-assign]
                await forget(desk.desk, turn)
                return found

            storage.run = once  # type: ignore[method-assign]
            assert (await desk.presses(label)).text == "This button has expired."
        await desk.reception.aclose()

    run_virtually(main())
