"""Looks at what stands in each chat when all is over, and compares it with what was asked there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.channels.writer import QUESTION, answer_to

_MARK = re.compile(r"\b(begin|end)-(\d+)\.")


@dataclass(slots=True)
class Finding:
    """Counts over all chats. `strange` are messages that belong to no answer: an error that reached a person."""

    asked: int = 0
    lost: int = 0
    doubled: int = 0
    cut: int = 0
    out_of_order: int = 0
    strange: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def faults(self) -> int:
        return self.lost + self.doubled + self.cut + self.out_of_order + self.strange

    def add(self, asked: Sequence[str], shown: Iterable[str]) -> None:
        """One chat: the questions in their order, and the bot's messages in theirs."""
        numbers = [int(found[1]) for text in asked if (found := QUESTION.search(text))]
        self.asked += len(numbers)
        texts = list(shown)
        whole = "\n".join(texts)
        marks = Counter(_MARK.findall(whole))
        for number in numbers:
            self._one(number, marks, whole)
        begun = [int(number) for kind, number in _MARK.findall(whole) if kind == "begin"]
        self.out_of_order += sum(a != b for a, b in zip(begun, [n for n in numbers if n in begun], strict=False))
        self._strange(texts)

    def _one(self, number: int, marks: Counter[tuple[str, str]], whole: str) -> None:
        key = str(number)
        if not marks["begin", key]:
            self.lost += 1
        elif marks["begin", key] > 1 or marks["end", key] > 1:
            self.doubled += 1
        elif not marks["end", key] or _bare(_between(whole, number)) != _bare(answer_to(number)):
            self.cut += 1
            self.examples.append(f"{number}: {whole[:60]!r}")

    def _strange(self, texts: Sequence[str]) -> None:
        inside = False
        for text in texts:
            marks = _MARK.findall(text)
            if not marks and not inside:
                self.strange += 1
                self.examples.append(repr(text[:80]))
            for kind, _ in marks:
                inside = kind == "begin"


def _between(whole: str, number: int) -> str:
    start, end = whole.index(f"begin-{number}."), whole.index(f"end-{number}.")
    return whole[start : end + len(f"end-{number}.")]


def _bare(text: str) -> str:
    """Without marks of Markdown, white space, and the language of a code block, which may stand again in each part."""
    return re.sub(r"\W+|_|\bpython\b", "", text.replace("```python", ""))
