"""Telegram for the channel contract suite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from tests.support.channel_harness import WAIT, contract_desk
from tests.support.telegram_bench import Bench
from tests.support.telegram_server import Message, Person, Place, Shown, TelegramServer


class TelegramPerson:
    """Someone in their private chat, or in the group, where all is answered."""

    def __init__(self, person: Person, place: Place) -> None:
        self._person = person
        self._place = place

    async def says(self, text: str) -> object:
        return await self._place.says(self._person, text)

    async def edits(self, message: object, text: str) -> None:
        assert isinstance(message, Message)
        await self._place.edits(message, text)

    async def presses(self, label: str) -> str:
        buttons = [message for message in self._place.chat.messages.values() if label in message.buttons]
        return await (await self._place.presses(self._person, buttons[-1], label)).answered()

    def shown(self) -> Sequence[str]:
        return [message.text for message in self._told() if not message.draft]

    def growing(self) -> str:
        return next((message.text for message in reversed(self._told())), "")

    def _told(self) -> list[Shown]:
        return [message for message in self._place.shown() if message.author == "Parley"]


class TelegramHarness:
    """`ChannelHarness`: the real application against the server on loopback."""

    can = frozenset({"groups", "buttons", "edits", "restart", "parts"})

    def __init__(self) -> None:
        self.desk, self.skill = contract_desk()
        self._folder = TemporaryDirectory()
        self._server = TelegramServer()

    async def __aenter__(self) -> Self:
        await self._server.start()
        self._group = self._server.supergroup("Shop", self._server.person("Owner"))
        self._bench = Bench(self._server, Path(self._folder.name), settings={"answer": "always"}, given=self.desk)
        await self._bench.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        self.skill.go_on.set()
        await self._bench.stop()
        await self._server.__aexit__(None, None, None)
        self._folder.cleanup()

    def person(self, name: str, group: bool = False) -> TelegramPerson:
        person = self._server.person(name)
        return TelegramPerson(person, self._group if group else person.private_chat())

    async def until(self, condition: Callable[[], bool]) -> None:
        try:
            await self._server.until(condition, WAIT)
        except TimeoutError:
            raise AssertionError("this never came about") from None

    async def restart(self) -> None:
        await self._bench.crash()
        await self._bench.start()
