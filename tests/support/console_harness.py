"""The console as a channel of the contract suite."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Self

from bot.channels.console import ConsoleChat
from bot.domain import Reply
from tests.support.channel_harness import contract_desk, poll


class _Screen:
    """What stands in the terminal."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.writing = ""

    def working(self, step: str) -> None: ...

    def text(self, piece: str) -> None:
        self.writing += piece

    def finished(self, reply: Reply) -> None:
        self.entries.append(reply.text)
        self.writing = ""

    def welcome(self, title: str, lead: str, questions: Sequence[str]) -> None: ...

    def sentence(self, text: str) -> None:
        self.entries.append("\n".join(piece for piece in (self.writing, text) if piece))
        self.writing = ""


class _Typist:
    """Who sits at the terminal; `/stop` is Ctrl-C there."""

    def __init__(self, home: ConsoleChannel) -> None:
        self._home = home

    async def says(self, text: str) -> object:
        if text == "/stop":
            self._home.chat.interrupt()
        else:
            await self._home.lines.put(text)
        return None

    async def edits(self, message: object, text: str) -> None:
        raise NotImplementedError("what was typed stays typed")

    async def presses(self, label: str) -> str:
        raise NotImplementedError("a terminal has no buttons")

    def shown(self) -> Sequence[str]:
        return self._home.screen.entries

    def growing(self) -> str:
        return self._home.screen.writing


class ConsoleChannel:
    """`ChannelHarness` over the terminal chat."""

    can: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.desk, self.skill = contract_desk()
        self.screen = _Screen()
        self.lines: asyncio.Queue[str] = asyncio.Queue()
        desk = self.desk
        self.chat = ConsoleChat(
            desk.inbox, desk.conductor, desk.texts, desk.languages, desk.skills, self.screen, "console:test"
        )

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self.chat.run(self._typed()))
        return self

    async def __aexit__(self, *error: object) -> None:
        self._running.cancel()
        with suppress(asyncio.CancelledError):
            await self._running

    def person(self, name: str, group: bool = False) -> _Typist:
        return _Typist(self)

    async def until(self, condition: Callable[[], bool]) -> None:
        await poll(condition)

    async def restart(self) -> None:
        raise NotImplementedError("the terminal ends with its program")

    async def _typed(self) -> AsyncIterator[str]:
        while True:
            yield await self.lines.get()
