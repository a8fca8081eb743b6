"""A skill that writes long, marked answers at the pace of a model, so that each can be checked when all is over."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncGenerator

from bot.domain import Completed, Event, Outcome, Reply, TextDelta
from bot.ports import Texts
from bot.skills import SkillMatch, SkillRequest, Toolbox

QUESTION = re.compile(r"question (\d+)\b")
LONG_AT_FIRST = 200
_WORDS = (
    *("parcel", "refund", "invoice", "退款", "发票", "the", "order", "arrives", "within", "days", "and"),
    *("you", "may", "return", "it", "📦", "warranty", "card"),
)


def answer_to(number: int, longest: int = 6000) -> str:
    """What is written to a question: always the same, now short, now of several parts, with code in between. The first
    questions, which everyone asks at once, all get long answers: so many are streamed at the same time.
    """
    draw = random.Random(number)
    length = draw.choice([80, 200, 400, 800, 1500, longest])
    length = longest if number <= LONG_AT_FIRST else length
    lines = [f"begin-{number}."]
    while sum(map(len, lines)) < length:
        if draw.random() < 0.15:
            lines.append("```python\n" + "\n".join(f"value_{n} = {draw.random():.6f}" for n in range(12)) + "\n```")
        else:
            lines.append(" ".join(draw.choices(_WORDS, k=draw.randint(10, 60))) + ".")
    return "\n\n".join([*lines, f"end-{number}."])


class WriterSkill:
    """Takes every text; streams the answer at `rate` pieces a second of the loop's time."""

    name = "chat"
    commands = ("chat",)

    def __init__(self, rate: float = 30.0, piece: int = 12) -> None:
        self._rate = rate
        self._piece = piece
        self.writing = 0
        self.most_at_once = 0

    def describe(self, language: str, texts: Texts) -> str:
        return "/chat TEXT"

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest)

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        return None

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        asked = QUESTION.search(request.text)
        text = answer_to(int(asked[1])) if asked else f"You said: {request.text}"
        self.writing += 1
        self.most_at_once = max(self.most_at_once, self.writing)
        try:
            for start in range(0, len(text), self._piece):
                yield TextDelta(text[start : start + self._piece])
                await asyncio.sleep(1 / self._rate)
        finally:
            self.writing -= 1
        yield Completed(Reply(text, self.name, Outcome.GENERATED, request.language))
