"""What it costs to keep what must not change: python -m benchmarks.tasks.protected FILE [PAIR]

FILE holds a text a line; two of an address, code, a mention, … are put into each. Apertium with PAIR (eng-spa)
translates them, once bare and once with care, in the same round. Told are the share of lines whose spans all came back,
how many lines needed each of the three ways, and the time of both.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.models.harness import ratio, seconds, summary
from benchmarks.results import save
from models.tasks.languages import apertium_pair
from models.tasks.translate import ApertiumTranslator
from models.tasks.translation.careful import translate_texts
from models.tasks.translation.spans import find_spans
from models.types import NOBODY, Caller

SPANS = ("https://shop.example/a?b=1", "`parley kb add faq.yaml`", "@ann_b", "ORD-2024-001", "3.50", "{name}", "🙂")
ROUNDS = 5


class Counting(ApertiumTranslator):
    """Notes how many units each call was given: the first, the second and the third way."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[int] = []

    async def translate_units(
        self, units: Sequence[str], source: str, target: str, terms: Mapping[str, str], caller: Caller
    ) -> list[str]:
        self.calls.append(len(units))
        return await super().translate_units(units, source, target, terms, caller)


def dressed(line: str, chance: random.Random) -> str:
    """The line with two spans between its words and one word in bold."""
    words = line.split()
    for span in chance.sample(SPANS, 2):
        words.insert(chance.randint(0, len(words)), span)
    at = chance.randrange(len(words))
    if words[at].isalpha():
        words[at] = f"**{words[at]}**"
    return " ".join(words)


def whole(source: str, translation: str, language: str) -> bool:
    spans = Counter(span.shown for span in find_spans(source, language))
    return all(translation.count(shown) >= count for shown, count in spans.items())


def main() -> None:
    """Measure, print and save."""
    pair = sys.argv[2] if len(sys.argv) > 2 else "eng-spa"
    languages = apertium_pair(pair)
    assert languages is not None, pair
    source, target = languages
    chance = random.Random(0)
    lines = [dressed(line.split("\t")[0], chance) for line in Path(sys.argv[1]).read_text("utf-8").splitlines()]
    bare, careful = ApertiumTranslator(), Counting()
    written: dict[str, list[str]] = {}

    def run(name: str, work: Any) -> float:
        return seconds(lambda: written.__setitem__(name, asyncio.run(work())))

    times: dict[str, list[float]] = {"bare": [], "careful": []}
    for _ in range(ROUNDS):
        times["bare"].append(run("bare", lambda: bare.translate_units(lines, source, target, {}, NOBODY)))
        careful.calls.clear()
        times["careful"].append(run("careful", lambda: translate_texts(careful, lines, source, target)))
    kept = {
        name: sum(whole(line, done, source) for line, done in zip(lines, texts, strict=True)) / len(lines)
        for name, texts in written.items()
    }
    result = {
        "pair": pair, "lines": len(lines), "kept": kept, "units of each way": careful.calls,
        "seconds": {name: summary(values) for name, values in times.items()},
        "careful over bare": ratio(times["careful"], times["bare"]),
    }  # fmt: skip
    print(result)
    print(save("task-protected", result))


if __name__ == "__main__":
    main()
