"""Crashes at any step of any talk: each accepted turn ends with exactly one whole reply on the platform, in order.

A life is what one process has in memory. It ends at a tick, and each operation on storage and each call to the platform
is two of them: before it takes effect, and after. Storage, the platform and what it has not seen confirmed stay.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.delivery.access import AccessOptions, Gate
from bot.delivery.inbox import Inbox
from bot.delivery.reception import Reception
from bot.delivery.rules import TurnRules
from bot.domain import Channel, Completed, Event, Incoming, Origin, Outcome, Reply, TextDelta, User
from bot.errors import DeliveryError, TryLater
from bot.ports import Texts, UnitOfWork
from bot.skills import SkillMatch, SkillRequest, Toolbox
from bot.storage.memory import MemoryStorage
from tests.support.desk import Desk
from tests.support.outlet import MemoryOutlets, Platform
from tests.support.virtual_time import VirtualLoop

T = TypeVar("T")

PLACES = ("telegram:ann", "telegram:bob", "group")
WORDS = (1, 4, 60)  # of an answer: in one piece, in several, in several messages
LONG_ENOUGH = 7200.0  # seconds of virtual time, in which whatever waits is tried again


class Dead(BaseException):
    """This process is no more. Nothing in it may catch that, or go on."""


class Life:
    """How long a process still lives, in ticks; None: as long as it likes."""

    def __init__(self) -> None:
        self.fuse: int | None = None
        self.dead = False

    def tick(self) -> None:
        if self.fuse is not None:
            self.fuse -= 1
            self.dead = self.dead or self.fuse < 0
        if self.dead:
            raise Dead


class MortalStorage:
    """Storage as one life has it."""

    def __init__(self, storage: MemoryStorage, life: Life) -> None:
        self._storage = storage
        self._life = life

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    async def run(self, work: Callable[[UnitOfWork], T]) -> T:
        self._life.tick()
        done = await self._storage.run(work)
        self._life.tick()
        return done

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        self._life.tick()
        return await self._storage.read(work)


class MortalPlatform:
    """The platform as one life reaches it."""

    def __init__(self, platform: Platform, life: Life) -> None:
        self._platform = platform
        self._life = life

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    async def call(self, *call: Any, **rest: Any) -> str:
        self._life.tick()
        done = await self._platform.call(*call, **rest)
        self._life.tick()
        return done


class Numbered:
    """The skill that answers `say NUMBER WORDS`, a word an event."""

    name = "echo"
    commands: tuple[str, ...] = ("echo",)

    def describe(self, language: str, texts: Texts) -> str:
        return "/echo TEXT"

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest)

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        return SkillMatch(0.9, text)

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        _, number, words = request.text.split()
        text = answer(int(number), int(words))
        for word in re.findall(r"\S+\s*", text):
            yield TextDelta(word)
            await asyncio.sleep(0.05)
        yield Completed(Reply(text, self.name, Outcome.GENERATED, request.language))


def answer(number: int, words: int) -> str:
    return " ".join(f"q{number}w{word}" for word in range(words)) + f" q{number}end"


class Crashing(RuleBasedStateMachine):
    """People, a platform that redelivers what was not confirmed, and a process that dies and is born again.

    `forgetful`: the platform knows no nonces, and what is in doubt there is looked for among its messages.
    """

    forgetful = False

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.loop.set_exception_handler(self._broken)
        self.errors: list[str] = []
        self.storage, self.platform = MemoryStorage(), Platform(forgetful=self.forgetful)
        self.given: list[Incoming] = []
        self.unconfirmed: list[Incoming] = []
        self.asked: dict[str, list[set[str]]] = {place: [] for place in PLACES}
        self.life = Life()
        self.life.dead = True
        self.loop.run_until_complete(self._live())

    # What happens.

    @rule(place=st.sampled_from(PLACES), words=st.sampled_from(WORDS), wait=st.sampled_from((0.0, 0.0, 0.1, 3.0)))
    def says(self, place: str, words: int, wait: float) -> None:
        number = len(self.given) + 1
        self.asked[place].append({answer(number, words)})
        self._tell(place, f"say {number} {words}", f"message {number}")
        self._go(wait)

    @rule(ticks=st.integers(0, 25))
    def will_die(self, ticks: int) -> None:
        self.life.fuse = ticks

    @rule(seconds=st.sampled_from((0.0, 0.06, 0.5, 2.0, 30.0)))
    def time_passes(self, seconds: float) -> None:
        self._go(seconds)

    @precondition(lambda self: self.given)
    @rule(which=st.integers(0, 10))
    def is_told_again(self, which: int) -> None:
        self.unconfirmed.append(self.given[which % len(self.given)])
        self._go(0.0)

    @rule(troubles=st.lists(st.sampled_from(("", "before", "after", "asks to wait")), max_size=6))
    def has_trouble(self, troubles: list[str]) -> None:
        """What becomes of the next calls."""

        def fault(method: str) -> DeliveryError | None:
            trouble = troubles.pop(0) if troubles else ""
            if trouble == "before":
                raise TryLater("It never arrived.", doubtful=True)
            if trouble == "asks to wait":
                raise TryLater("Too many.", 3.0)
            return TryLater("Its answer was lost.", doubtful=True) if trouble == "after" else None

        self.platform.fault = fault

    @rule(deadline=st.sampled_from((0.0, 0.2, 10.0)))
    def is_stopped(self, deadline: float) -> None:
        """As by SIGTERM; then it is started again."""
        self._run(self.reception.aclose(deadline))
        self.life.dead = True
        self._go(0.0)

    # What must hold.

    @invariant()
    def nothing_stands_twice(self) -> None:
        for place in PLACES:
            words = re.findall(r"q\d+end", "".join(self.platform.texts(place)))
            assert len(words) == len(set(words)), words

    def teardown(self) -> None:
        self.life.fuse = None
        self.platform.fault = lambda method: None
        self._go(LONG_ENOUGH)
        self._run(self.reception.aclose())
        try:
            for place in PLACES:
                told = "".join(self.platform.texts(place))
                either = ["(" + "|".join(map(re.escape, one)) + ")" for one in self.asked[place]]
                assert re.fullmatch("".join(either), told), (self.asked[place], self.platform.texts(place))
            assert not self.errors, self.errors
        finally:
            self.loop.run_until_complete(self._bury())
            self.loop.close()

    # How it is done.

    def _tell(self, place: str, text: str, message: str) -> None:
        user, group = User(Channel.TELEGRAM, "ann"), place == "group"
        origin = Origin(address={"place": place}, message_id=message, group=group)
        incoming = Incoming(user, place, text, f"update {len(self.given)}", origin, "parley")
        self.given.append(incoming)
        self.unconfirmed.append(incoming)

    def _go(self, seconds: float) -> None:
        """Give what is unconfirmed, and let time pass; a process that has died is born again."""
        self._run(self._take_in())
        if seconds:
            self._run(asyncio.sleep(seconds))

    async def _take_in(self) -> None:
        while self.unconfirmed:
            await self.reception.receive(self.unconfirmed[0])
            self.unconfirmed.pop(0)

    def _run(self, work: Coroutine[Any, Any, object]) -> None:
        self.loop.run_until_complete(self._outlived(work))
        while self.life.dead:  # it may die while it takes up what was left
            self.loop.run_until_complete(self._live())

    async def _outlived(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Dead:
            return

    async def _live(self) -> None:
        await self._bury()
        self.life = life = Life()
        desk = Desk([Numbered()], default_skill="echo", storage=MortalStorage(self.storage, life))  # type: ignore[arg-type]
        outlets = MemoryOutlets(MortalPlatform(self.platform, life))  # type: ignore[arg-type]
        gate = Gate(desk.storage, AccessOptions(per_minute=0))
        inbox = Inbox(desk.storage, rules=TurnRules(attempts=10_000))  # a turn may be broken off at every step here
        self.reception = Reception(desk.storage, inbox, desk.conductor, desk.texts, desk.languages, gate)
        self.reception.open(outlets)
        await self.reception.resume(outlets)
        await self._outlived(self._take_in())

    async def _bury(self) -> None:
        """End whatever a dead process was doing. It can reach nothing any more."""
        self.life.dead = True
        while others := asyncio.all_tasks() - {asyncio.current_task()}:  # type: ignore[arg-type]
            for task in others:
                task.cancel()
            await asyncio.wait(others)

    def _broken(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), Dead):
            self.errors.append(str(context))


class CrashingWithoutNonces(Crashing):
    forgetful = True


TestCrashing = Crashing.TestCase
TestCrashingWithoutNonces = CrashingWithoutNonces.TestCase
TestCrashing.settings = TestCrashingWithoutNonces.settings = settings(max_examples=40, stateful_step_count=25)
