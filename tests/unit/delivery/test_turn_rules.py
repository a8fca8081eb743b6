"""What the operator chose about turns, as people see it: what was said, and what stands there in the end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain import Working
from bot.errors import Unreachable
from bot.settings.channels import TurnsSettings
from bot.skills import SkillRequest, Toolbox
from tests.support.reception_desk import ReceptionDesk
from tests.support.virtual_time import run_virtually

LATE = "Sorry for the late answer: I was away."
EXPIRED = "I was away when you asked, and it is too late for an answer. Please ask again if you still wish."
OVERLOADED = "I am being asked very much at the moment. Please ask again in a few minutes."
GAVE_UP = "Sorry, I could not answer this, though I tried several times. Please put it another way."


def stands(talk: Callable[[ReceptionDesk], Awaitable[None]], within: float = 60.0, **rules: Any) -> list[str]:
    """What stands there when all is done."""

    async def main() -> list[str]:
        desk = ReceptionDesk()
        desk.choose(**rules)
        await talk(desk)
        desk.skill.go_on.set()
        await asyncio.sleep(within)
        await desk.reception.aclose()
        return desk.texts

    return run_virtually(main())


def says(*said: str, every: float = 0.5) -> Callable[[ReceptionDesk], Awaitable[None]]:
    """One person says it, with pauses between."""

    async def talk(desk: ReceptionDesk) -> None:
        for text in said:
            await desk.says(text)
            await asyncio.sleep(every)

    return talk


@pytest.mark.parametrize(
    ("rule", "said", "answered"),
    [
        ("queue", ["slow one", "two", "three"], ["slow one", "two", "three"]),
        ("replace", ["slow one", "two"], ["slow\n(stopped)", "two"]),
        ("replace", ["slow one", "slow two", "three"], ["slow\n(stopped)", "slow\n(stopped)", "three"]),
        ("join", ["one", "two"], ["one two"]),
        ("join", ["one", "two", "three"], ["one two three"]),
        ("join", ["one", "/echo two"], ["one", "two"]),
    ],
)
def test_what_the_next_message_does_to_the_one_before_it(rule: str, said: list[str], answered: list[str]) -> None:
    assert stands(says(*said, every=1.0), while_answering=rule) == answered


def test_what_comes_after_the_pause_is_not_joined() -> None:
    """The clock of the turns is the world's, so the pause is made very short here."""
    assert stands(says("one", "two"), while_answering="join", join_within=timedelta(0)) == ["one", "two"]


def test_another_persons_message_is_neither_joined_nor_replaced() -> None:
    async def talk(desk: ReceptionDesk) -> None:
        await desk.says("slow one", "1")
        await desk.says("two", "2")
        await asyncio.sleep(2)

    assert stands(talk, while_answering="replace") == ["slow one", "two"]
    assert stands(talk, while_answering="join") == ["slow one", "two"]


@pytest.mark.parametrize("rules", [{"queue": 2}, {"queue_here": 2}])
def test_past_the_bound_people_are_told_so_at_once(rules: dict[str, int]) -> None:
    async def talk(desk: ReceptionDesk) -> None:
        for text in ("slow one", "two", "three"):
            await desk.says(text)
        await asyncio.sleep(10)
        assert desk.texts == [OVERLOADED, "slow"]

    assert stands(talk, **rules) == [OVERLOADED, "slow one", "two"]


def test_a_full_conversation_leaves_room_to_others() -> None:
    async def talk(desk: ReceptionDesk) -> None:
        await desk.says("slow one")
        await desk.says("two")
        other = desk.incoming("elsewhere", "2")
        await desk.reception.receive(type(other)(other.user, "telegram:2", "hi", "x", other.origin, other.bot))
        await asyncio.sleep(10)
        assert desk.platform.texts("telegram:2") == ["hi"]

    assert stands(talk, queue_here=1) == [OVERLOADED, "slow one"]


def test_a_full_conversation_can_still_be_stopped_and_edited() -> None:
    async def talk(desk: ReceptionDesk) -> None:
        await desk.says("slow one", message="q1")
        await asyncio.sleep(5)
        await desk.edits("q1", "quick one")
        await asyncio.sleep(10)

    assert stands(talk, queue_here=1) == ["quick one"]


@pytest.mark.parametrize(
    ("expire", "answered"), [(False, [f"hello\n{LATE}", f"again\n{LATE}"]), (True, [EXPIRED, EXPIRED])]
)
def test_after_a_long_outage(expire: bool, answered: list[str]) -> None:
    async def talk(desk: ReceptionDesk) -> None:
        desk.desk.conductor.now = lambda: datetime.now(UTC) + timedelta(hours=2)
        await desk.says("hello")
        await desk.says("again")

    assert stands(talk, expire=expire) == answered


@pytest.mark.parametrize(("crashes", "answered"), [(2, ["boom", "hello"]), (3, [GAVE_UP, "hello"])])
def test_a_turn_at_which_every_process_dies_is_given_up_and_said_so(crashes: int, answered: list[str]) -> None:
    async def talk(desk: ReceptionDesk) -> None:
        desk.reception.close_channel(desk.outlets)
        turn = await desk.says("boom")
        assert turn is not None
        await desk.says("hello")
        for _ in range(crashes):
            await desk.desk.storage.run(lambda work: work.deliveries.take_up(turn.id, datetime.now(UTC)))
        await asyncio.sleep(1)
        desk.choose(attempts=3)
        await desk.reception.resume(desk.outlets)

    assert stands(talk) == answered


def test_a_turn_that_every_stop_hands_back_is_answered_in_the_end() -> None:
    async def talk(desk: ReceptionDesk) -> None:
        turn = await desk.says("slow one")
        assert turn is not None
        for _ in range(5):
            await asyncio.sleep(3)
            await desk.reception.aclose(deadline=0.5)
            desk.choose(attempts=2)
            await desk.reception.resume(desk.outlets)
        await asyncio.sleep(3)
        known = await desk.desk.storage.read(lambda work: work.turns.get(turn.id))
        assert known is not None
        assert (known.attempts, known.tries) == (6, 1)

    assert stands(talk) == ["slow one"]


def test_what_a_person_stops_is_not_taken_for_handed_back() -> None:
    async def talk(desk: ReceptionDesk) -> None:
        turn = await desk.says("slow one")
        assert turn is not None
        await asyncio.sleep(3)
        await desk.reception.stop(turn.conversation_id)
        await asyncio.sleep(3)
        known = await desk.desk.storage.read(lambda work: work.turns.get(turn.id))
        assert known is not None
        assert known.excused == 0

    assert stands(talk) == ["slow\n(stopped)"]


def test_what_an_operator_wants_tried_again_is_taken_up_while_parley_runs() -> None:
    def blocked(method: str) -> None:
        if method == "send":
            raise Unreachable("Blocked.")

    async def talk(desk: ReceptionDesk) -> None:
        desk.platform.fault = blocked
        turn = await desk.says("hello")
        assert turn is not None
        await asyncio.sleep(10)
        desk.platform.fault = lambda method: None
        assert await desk.desk.storage.run(lambda work: work.deliveries.again(turn.id))
        desk.desk.conductor.now = lambda: datetime.now(UTC) + timedelta(minutes=1)

    assert stands(talk) == ["hello"]


def test_who_waits_for_the_model_is_told_and_the_answer_takes_the_place_of_that() -> None:
    async def talk(desk: ReceptionDesk) -> None:
        echo = desk.skill.run

        async def run(request: SkillRequest, tools: Toolbox) -> Any:
            yield Working("waiting", 4, 130.0)
            await asyncio.sleep(8)
            yield Working("waiting", 1, 40.0)
            await asyncio.sleep(8)
            async for event in echo(request, tools):
                yield event

        desk.skill.run = run  # type: ignore[assignment,method-assign]
        await desk.says("hello")
        seen: list[str] = []
        for _ in range(40):
            await asyncio.sleep(0.5)
            seen += [text for text in desk.texts if text not in seen]
        told.extend(seen)
        assert desk.platform.methods("send") == ["send"]

    told: list[str] = []
    assert stands(talk) == ["hello"]
    assert told == [
        "4 questions are before yours; it takes about 2 minutes.",
        "One question is before yours; it takes about 1 minute.",
        "hello",
    ]


def test_who_waits_a_moment_is_told_nothing() -> None:
    async def talk(desk: ReceptionDesk) -> None:
        echo = desk.skill.run

        async def run(request: SkillRequest, tools: Toolbox) -> Any:
            yield Working("waiting", 1, 2.0)
            await asyncio.sleep(2.5)
            async for event in echo(request, tools):
                yield event

        desk.skill.run = run  # type: ignore[assignment,method-assign]
        await desk.says("hello")
        await asyncio.sleep(10)
        assert desk.platform.methods("send", "edit") == ["send"]

    assert stands(talk) == ["hello"]


def test_the_how_to_names_every_setting_with_its_default() -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "many.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", page, re.MULTILINE))
    defaults = {name: field.default for name, field in TurnsSettings.model_fields.items()}
    assert told == {name: f"{value:g}" if isinstance(value, int | float) else value for name, value in defaults.items()}
