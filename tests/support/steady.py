"""A skill that writes steadily, for processes that are killed in the middle: `/steady 12` takes some seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

from bot.domain import Completed, Event, Outcome, Reply, TextDelta
from bot.ports import Texts
from bot.skills import SkillMatch, SkillRequest, Toolbox

PAUSE = 0.4  # seconds between two words


class SteadySkill:
    """Writes as many words as it is told to, none of which is another's beginning."""

    name = "steady"
    commands = ("steady",)

    def describe(self, language: str, texts: Texts) -> str:
        return "/steady NUMBER"

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest)

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        return None

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        text = words(int(request.text))
        for word in text.split(" "):
            yield TextDelta(f"{word} ")
            await asyncio.sleep(PAUSE)
        yield Completed(Reply(text, self.name, Outcome.GENERATED, request.language))


def words(count: int) -> str:
    return " ".join(f"w{number}." for number in range(count))


def install(folder: Path) -> None:
    """Make the folder one in which Python finds the skill, as in a package that is installed."""
    about = folder / "steady-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: steady\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[parley.skills]\nsteady = tests.support.steady:SteadySkill\n")
