"""The channel contract suite on Discord: the real client against the server on loopback."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self

from tests.support.channel_harness import contract_desk, poll
from tests.support.discord_bench import bench, eventually
from tests.support.discord_server.channels import Channel
from tests.support.discord_server.messages import Message
from tests.support.discord_server.people import Person

NOT_READY = "⏹"


class DiscordPerson:
    """Someone in direct messages, or in the channel of a server, where the bot is mentioned."""

    def __init__(self, person: Person, where: Channel, lead: str) -> None:
        self._person = person
        self._where = where
        self._lead = lead

    async def says(self, text: str) -> object:
        return await self._where.says(self._person, self._lead + text)

    async def edits(self, message: object, text: str) -> None:
        assert isinstance(message, Message)
        await self._where.edits(message, self._lead + text)

    async def presses(self, label: str) -> str:
        message = next(each for each in reversed(self._where.bot_messages()) if label in each.buttons)
        pressed = await self._person.presses(message, label)
        if label in ("👍", "👎", "⏹ Stop"):  # the others show what they do
            await eventually(lambda: pressed.response.followups)
        return pressed.response.followups[0].text if pressed.response.followups else ""

    def shown(self) -> Sequence[str]:
        return [each.text for each in self._where.bot_messages() if not _grows(each)]

    def growing(self) -> str:
        return next((each.text for each in reversed(self._where.bot_messages())), "")


class DiscordHarness:
    """`ChannelHarness` on Discord."""

    can = frozenset({"groups", "buttons", "edits", "restart", "parts"})

    def __init__(self) -> None:
        self.desk, self.skill = contract_desk()
        self._people: dict[str, Person] = {}

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._shop = await stack.enter_async_context(bench(home, start=False))
            self._shop.desk, self._shop.storage = self.desk, self.desk.storage
            await self._shop.start()
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.skill.go_on.set()
        await self._shop.reception.aclose(5.0)
        await self._open.aclose()

    def person(self, name: str, group: bool = False) -> DiscordPerson:
        if name not in self._people:
            self._people[name] = self._shop.server.person(name)
            self._shop.guild.joins(self._people[name])
        person = self._people[name]
        if group:
            return DiscordPerson(person, self._shop.support, f"{self._shop.me} ")
        return DiscordPerson(person, person.dm(), "")

    async def until(self, condition: Callable[[], bool]) -> None:
        await poll(condition)

    async def restart(self) -> None:
        await self._shop.crash()
        await self._shop.start()


def _grows(message: Message) -> bool:
    return any(NOT_READY in label for label in message.buttons)
