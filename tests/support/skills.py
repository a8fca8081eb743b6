"""Skills that tests direct."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from bot.domain import Completed, Event, Outcome, Reply, TextDelta
from bot.ports import Texts
from bot.skills import SkillMatch, SkillRequest, Toolbox


class EchoSkill:
    """Says the text again, a word an event; `slow` waits for ever after the first word, `boom` breaks."""

    name = "echo"
    commands = ("echo",)

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.closed = False
        self.requests: list[SkillRequest] = []

    def describe(self, language: str, texts: Texts) -> str:
        return "/echo TEXT — say it again"

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest)

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        return SkillMatch(0.9, text)

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        self.requests.append(request)
        try:
            if request.text == "boom":
                raise RuntimeError("secret words of a person")
            for number, word in enumerate(request.text.split()):
                yield TextDelta(word if number == 0 else f" {word}")
                self.started.set()
                if request.text.startswith("slow"):
                    await asyncio.Event().wait()
            yield Completed(Reply(" ".join(request.text.split()), self.name, Outcome.GENERATED, request.language))
        finally:
            self.closed = True
