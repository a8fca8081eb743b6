"""Killed between any two statements, and started again: every accepted turn is answered as if nothing had happened.

What people do is played once, and at every point that is passed (`bot.faults`) a copy is made of what a kill would
leave: storage and platform as they are in that instant. From each copy Parley is started again; the platform gives
again what was not confirmed, people go on, and in the end the platform must show what it shows without a kill.
"""

from __future__ import annotations

import ast
import asyncio
import copy
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import bot.delivery
from bot import faults
from bot.delivery.access import AccessOptions
from bot.delivery.inbox import CONSOLE_USER
from bot.domain import Channel, Doubt, Opinion, User
from bot.errors import DeliveryError, TryLater, Unreachable
from bot.ports import UnitOfWork
from bot.storage.memory_state import State
from tests.support.outlet import Platform
from tests.support.reception_desk import HERE, ReceptionDesk
from tests.support.virtual_time import run_virtually

Step = Callable[[ReceptionDesk], Awaitable[object]]


@dataclass(frozen=True)
class Scenario:
    """What people do, step by step; a step that is repeated must change nothing.

    `forgetful`: the platform knows no nonces, and `blind`: nobody can look for a message there either. `fault` is asked
    before each call to the platform. `slowly`: an answer that begins with `slow` never ends by itself.
    """

    steps: tuple[Step, ...]
    forgetful: bool = True
    fault: Callable[[], Callable[[str], DeliveryError | None]] = lambda: lambda method: None
    slowly: bool = False
    blind: bool = False
    access: AccessOptions = field(default_factory=AccessOptions)


@dataclass(frozen=True)
class Left:
    """What a kill at a point leaves."""

    point: str
    done: int  # steps that were confirmed
    state: State
    platform: Platform


def says(text: str, update: str, message: str = "", wait: float = 20.0, who: str = "1") -> Step:
    async def step(desk: ReceptionDesk) -> None:
        await desk.reception.receive(desk.incoming(text, who, message, update=update))
        await asyncio.sleep(wait)

    return step


def edits(text: str, update: str, message: str) -> Step:
    async def step(desk: ReceptionDesk) -> None:
        await desk.reception.edited(desk.incoming(text, "1", message, update=update))
        await asyncio.sleep(20)

    return step


async def likes(desk: ReceptionDesk) -> None:
    await desk.presses("👍")
    (first, *_) = desk.platform.messages
    await desk.reception.opinion(User(Channel.TELEGRAM, "1"), HERE, first, Opinion.BAD, desk.outlets.bot)


async def types(desk: ReceptionDesk) -> None:
    """In the terminal, where nothing is delivered."""
    turn = await desk.desk.inbox.accept(CONSOLE_USER, "console:1", "hello")
    assert [event async for event in desk.desk.conductor.answer(turn)]


async def pairs(desk: ReceptionDesk) -> None:
    """An admin confirms the code of the stranger who has written."""

    def code(work: UnitOfWork) -> str:
        entry = work.access.get(work.users.ensure(User(Channel.TELEGRAM, "1")).id)
        return entry.code if entry is not None else ""

    code_ = await desk.desk.storage.read(code)
    await desk.gate.confirm(Channel.TELEGRAM, code_)


async def lets_the_message_vanish(desk: ReceptionDesk) -> None:
    """A moderator deletes what has been written so far."""
    desk.platform.messages.pop("m1", None)
    desk.skill.go_on.set()
    await asyncio.sleep(20)


async def deletes_the_question(desk: ReceptionDesk) -> None:
    await desk.reception.deleted(Channel.TELEGRAM, desk.outlets.bot, HERE, "q1")
    await asyncio.sleep(5)


async def stops(desk: ReceptionDesk) -> None:
    await desk.reception.receive(desk.incoming("/stop", update="stop"))
    await asyncio.sleep(20)


async def restarts(desk: ReceptionDesk) -> None:
    """In the middle of an answer, by a stop that waits for nothing."""
    await desk.reception.aclose(deadline=0.1)
    desk.start()
    await desk.reception.resume(desk.outlets)
    await asyncio.sleep(3)
    desk.skill.go_on.set()
    await asyncio.sleep(20)


def loses_first_answer() -> Callable[[str], DeliveryError | None]:
    """The platform takes the first message, and the connection breaks before it can say so."""
    left = ["send"]

    def fault(method: str) -> DeliveryError | None:
        if method in left:
            left.remove(method)
            return TryLater("The connection broke.", doubtful=True)
        return None

    return fault


def refuses() -> Callable[[str], DeliveryError | None]:
    def fault(method: str) -> DeliveryError | None:
        if method in ("send", "edit"):
            raise Unreachable("Blocked.")
        return None

    return fault


SCENARIOS = {
    "talk": Scenario((says("hello", "u1"), says("long 60", "u2"), says("/nonsense", "u3"), says("again", "u4"))),
    "several at once": Scenario(tuple(says(f"word{number}", f"u{number}", wait=0.01) for number in range(5))),
    "nonces": Scenario((says("hello", "u1"), says("long 60", "u2")), forgetful=False),
    "edited": Scenario((says("long 60", "u1", "q1", wait=1.5), edits("short", "e1", "q1"))),
    "stopped": Scenario((says("slow one", "u1", wait=3), says("waits", "u2", wait=0.1), stops), slowly=True),
    "deleted": Scenario((says("slow one", "u1", wait=3), lets_the_message_vanish), slowly=True),
    "question deleted": Scenario((says("slow one", "u1", "q1", wait=3), deletes_the_question), slowly=True),
    "restarted": Scenario((says("slow one", "u1", wait=3), restarts, says("again", "u2")), slowly=True),
    "terminal": Scenario((types,)),
    "liked": Scenario((says("hello", "u1"), likes)),
    "paired": Scenario((says("knock", "u1"), pairs, says("hello", "u2")), access=AccessOptions("pairing")),
    "in doubt": Scenario((says("hello", "u1"),), fault=loses_first_answer, blind=True),
    "file": Scenario((says("file", "u1"),)),
    "connection lost": Scenario((says("hello", "u1"), says("again", "u2")), fault=loses_first_answer),
    "blocked": Scenario((says("hello", "u1"),), fault=refuses),
}

MEETS: set[str] = set()  # the points that any scenario has passed


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    faults.arm(None)


def desk_of(scenario: Scenario, left: Left | None = None) -> ReceptionDesk:
    desk = ReceptionDesk(scenario.access)
    if left is None:
        desk.platform.forgetful, desk.platform.blind = scenario.forgetful, scenario.blind
        desk.platform.fault = scenario.fault()  # type: ignore[assignment]
    else:
        desk.desk.storage._state = left.state
        desk.outlets.platform = desk.platform = left.platform
    if not scenario.slowly:
        desk.skill.go_on.set()
    return desk


async def play(scenario: Scenario) -> tuple[ReceptionDesk, list[Left]]:
    """Without a kill; gives what a kill would have left at each point."""
    desk, lefts, done = desk_of(scenario), [], 0

    def look(point: str) -> None:
        MEETS.add(point)
        state = desk.desk.storage._state.copy()
        lefts.append(Left(point, done, state, copy.deepcopy(desk.platform)))

    faults.arm(look)
    for step in scenario.steps:
        await step(desk)
        done += 1
    await asyncio.sleep(60)
    await desk.reception.aclose()
    faults.arm(None)
    return desk, lefts


async def go_on(scenario: Scenario, left: Left) -> ReceptionDesk:
    """Start again from what a kill has left."""
    desk = desk_of(scenario, left)
    await desk.reception.resume(desk.outlets)
    if left.done == len(scenario.steps):
        desk.skill.go_on.set()
    for step in scenario.steps[left.done :]:
        await step(desk)
    await asyncio.sleep(60)
    await desk.reception.aclose()
    return desk


def last_lines(desk: ReceptionDesk) -> list[str]:
    """Of a stopped answer less may stand after a kill, since it was stopped before it began anew."""
    return [text.splitlines()[-1] for text in desk.texts]


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_kill_at_any_point_changes_nothing_that_people_see(name: str) -> None:
    async def main() -> None:
        scenario = SCENARIOS[name]
        desk, lefts = await play(scenario)
        expected = last_lines(desk) if name == "stopped" else desk.texts
        for left in lefts:
            again = await go_on(scenario, left)
            shown = last_lines(again) if name == "stopped" else again.texts
            if scenario.blind:  # there alone a message may stand twice, and the row says so
                shown, expected = sorted({*shown}), sorted({*expected})
            if scenario.access.policy == "pairing":  # a code may be said once more
                shown, expected = shown[-1:], expected[-1:]
            assert shown == expected, f"killed at {left.point}, after {left.done} steps"
            waiting = await again.desk.storage.read(
                lambda work, bot=again.outlets.bot: list(work.deliveries.waiting(Channel.TELEGRAM, bot))  # type: ignore[misc]
            )
            assert waiting == [], f"killed at {left.point}"

    run_virtually(main())


@pytest.mark.parametrize("forgetful", [False, True])
def test_a_question_that_is_deleted_while_its_answer_is_being_sent_leaves_nothing(forgetful: bool) -> None:
    """The message stands there, and the run that sent it has lost its turn before it learned so."""

    async def main() -> None:
        desk = desk_of(Scenario((), forgetful=forgetful, slowly=True))
        desk.platform.delay = 1.0
        await desk.reception.receive(desk.incoming("slow one", update="u1", message="q1"))
        while not desk.platform.messages:  # noqa: ASYNC110 - it is looked at, nobody tells
            await asyncio.sleep(0.01)
        await deletes_the_question(desk)
        await asyncio.sleep(30)
        await desk.reception.aclose()
        assert desk.texts == []

    run_virtually(main())


def test_where_nobody_can_tell_the_row_says_so_and_the_operator_has_chosen() -> None:
    """The platform knows no nonces and its messages cannot be looked for."""

    async def main(repeat: bool) -> tuple[list[str], Doubt]:
        scenario = SCENARIOS["connection lost"]
        desk = desk_of(scenario)
        desk.platform.blind = True
        desk.choose(in_doubt_repeat=repeat)
        for step in scenario.steps:
            await step(desk)
        await asyncio.sleep(60)
        await desk.reception.aclose()
        (turn,) = await desk.desk.storage.read(lambda work: list(work.deliveries.troubled()))
        (part,) = await desk.desk.storage.read(lambda work: list(work.parts.of_turn(turn.id)))
        return desk.texts, part.doubt

    assert run_virtually(main(True)) == (["hello", "hello", "again"], Doubt.REPEATED)
    assert run_virtually(main(False)) == (["hello", "again"], Doubt.LEFT)


def test_every_point_is_passed_by_a_scenario() -> None:
    async def main() -> None:
        for scenario in SCENARIOS.values():
            await play(scenario)

    run_virtually(main())
    assert set(faults.points()) - MEETS == set()


def test_every_commit_of_the_delivery_has_a_name() -> None:
    names, bare = [], []
    for path in sorted(Path(bot.delivery.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            if called.rpartition(".")[2] == "run" and "storage" in called and path.name != "keeping.py":
                bare.append(f"{path.name}: {ast.unparse(node)[:60]}")
            names += [each.value for each in _names(called, node)]
    assert bare == []
    assert set(names) == set(faults.COMMITS)


def _names(called: str, node: ast.Call) -> Iterator[Any]:
    if called in ("commit", "keep"):
        yield from (each for each in node.args[1:2] if isinstance(each, ast.Constant))
    elif called in ("self._note", "self._noted"):
        yield from (each for each in node.args[:1] if isinstance(each, ast.Constant))
