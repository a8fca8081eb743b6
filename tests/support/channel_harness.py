"""What every channel's tests can do on a platform: the words of the channel contract suite, and a channel in memory.

A harness is an async context manager. Behind it stands one shop of skills (`contract_desk`), which a restart keeps:

- `echo` (the default) says the text again, a word an event; after a text that begins with `slow` it waits after the
  first word until `go_on`; `long N` says N numbered words; `offer` offers the
  questions `First?` and `Second?`; with `file` comes a file.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Protocol, Self

from bot.delivery.access import AccessOptions, Gate
from bot.delivery.pressing import Notice
from bot.delivery.reception import Reception
from bot.domain import Attachment, Channel, Completed, Event, Incoming, Origin, Outcome, Reply, TextDelta, User
from bot.ports import Texts
from bot.skills import SkillMatch, SkillRequest, Toolbox
from tests.support.desk import Desk
from tests.support.outlet import MemoryOutlets, Platform

WAIT = 10.0  # seconds of the loop's time until a test gives up


class ContractSkill:
    """The skill behind every harness; see the module's text."""

    name = "echo"
    commands: tuple[str, ...] = ("echo",)

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.heard: list[SkillRequest] = []

    def describe(self, language: str, texts: Texts) -> str:
        return "/echo TEXT — say it again"

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest)

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        return SkillMatch(0.9, text)

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        self.heard.append(request)
        first, _, rest = request.text.partition(" ")
        words = long_words(int(rest)) if first == "long" else request.text.split()
        for number, word in enumerate(words):
            yield TextDelta(word if number == 0 else f" {word}")
            if first == "slow" and number == 0:
                await self.go_on.wait()
            if first == "steady":
                await asyncio.sleep(1.0)
        offered = ("First?", "Second?") if first == "offer" else ()
        file = Attachment("file.txt", "text/plain", b"content") if first == "file" else None
        text = " ".join(words)
        yield Completed(Reply(text, "echo", Outcome.GENERATED, request.language, suggestions=offered, attachment=file))


def long_words(count: int) -> list[str]:
    """Words of which none is another's beginning, so that a lost or doubled piece shows."""
    return [f"w{number}." for number in range(count)]


def contract_desk() -> tuple[Desk, ContractSkill]:
    """The dialogue of a harness, with its skill."""
    skill = ContractSkill()
    return Desk([skill], default_skill="echo"), skill


class Person(Protocol):
    """Someone on the platform, in the private chat or (`group`) the group that the harness has."""

    async def says(self, text: str) -> object:
        """Write a message that is meant for Parley; gives what `edits` takes."""
        ...

    async def edits(self, message: object, text: str) -> None: ...

    async def presses(self, label: str) -> str:
        """Press the newest button with that label; gives the notice that is shown."""
        ...

    def shown(self) -> Sequence[str]:
        """The finished messages of Parley that stand there, oldest first, as plain text without drafts."""
        ...

    def growing(self) -> str:
        """Unfinished text that is shown now (a draft, or the newest message)."""
        ...


class ChannelHarness(Protocol):
    """A platform with Parley on it. What a channel cannot do (the console has no buttons) it leaves out of `can`."""

    can: frozenset[str]  # of: groups, buttons, edits, restart, parts
    skill: ContractSkill
    desk: Desk

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *error: object) -> None: ...

    def person(self, name: str, group: bool = False) -> Person: ...

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds; AssertionError after WAIT seconds of the loop's time."""
        ...

    async def restart(self) -> None:
        """Stop Parley at once, as a crash or a deadline does, and start it again on the same storage and platform."""
        ...


async def poll(condition: Callable[[], bool]) -> None:
    """`until` for platforms that tell of nothing."""
    clock = asyncio.get_running_loop().time
    end = clock() + WAIT
    while not condition():
        assert clock() < end, "this never came about"
        await asyncio.sleep(0.01)


class MemoryPerson:
    """Someone in a chat of the platform in memory."""

    def __init__(self, home: MemoryChannel, name: str, group: bool) -> None:
        self._home = home
        self._user = User(Channel.TELEGRAM, name, name)
        self._group = group
        self._place = "telegram:group" if group else f"telegram:{name}"

    async def says(self, text: str) -> object:
        message = self._home.number("message")
        await self._home.reception.receive(self._incoming(text, message))
        return message

    async def edits(self, message: object, text: str) -> None:
        await self._home.reception.edited(self._incoming(text, str(message)))

    async def presses(self, label: str) -> str:
        rows = [row for message in self._home.platform.messages.values() for row in message.buttons]
        action = [button.action for row in rows for button in row if button.label == label][-1]
        notice: Notice = await self._home.reception.pressed(
            self._user, self._place, action, self._origin(), self._home.number("press"), self._home.outlets.bot
        )
        return notice.text

    def shown(self) -> Sequence[str]:
        return self._home.platform.texts(self._place)

    def growing(self) -> str:
        return self._home.platform.drafts.get(self._place) or next(reversed(self.shown()), "")

    def _incoming(self, text: str, message: str) -> Incoming:
        origin, update = self._origin(message), self._home.number("update")
        return Incoming(self._user, self._place, text, update, origin, self._home.outlets.bot)

    def _origin(self, message: str = "") -> Origin:
        return Origin(address={"place": self._place}, message_id=message, group=self._group)


class MemoryChannel:
    """`ChannelHarness` in memory; `drafts` shows growing text by drafts in private chats."""

    can = frozenset({"groups", "buttons", "edits", "restart", "parts"})

    def __init__(self, drafts: bool = False) -> None:
        self.desk, self.skill = contract_desk()
        self.platform = Platform()
        self.outlets = MemoryOutlets(self.platform, drafts=drafts)
        self._given = 0

    async def __aenter__(self) -> Self:
        await self._start()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.skill.go_on.set()
        await self.reception.aclose()

    def person(self, name: str, group: bool = False) -> MemoryPerson:
        return MemoryPerson(self, name, group)

    async def until(self, condition: Callable[[], bool]) -> None:
        await poll(condition)

    async def restart(self) -> None:
        await self.reception.aclose(deadline=0.0)
        await self._start()

    def number(self, what: str) -> str:
        self._given += 1
        return f"{what} {self._given}"

    async def _start(self) -> None:
        desk = self.desk
        gate = Gate(desk.storage, AccessOptions(per_minute=0))
        self.reception = Reception(desk.storage, desk.inbox, desk.conductor, desk.texts, desk.languages, gate)
        self.reception.open(self.outlets)
        await self.reception.resume(self.outlets)
