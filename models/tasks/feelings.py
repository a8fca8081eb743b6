"""What the words of a text say about its feeling, in English and in Chinese: a small lexicon, negation and emphasis.

The method is VADER's in small (Hutto and Gilbert 2014): valences summed up, turned by a negation shortly before, raised
by words of emphasis. The words are in `feelings.toml`, with sentences that serve as prototypes of each feeling.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_VALENCE = {"strong_positive": 2.0, "positive": 1.0, "negative": -1.0, "strong_negative": -2.0, "nothing": 0.0}
_EMPHASIS = 1.4
_TURNED = -0.6  # "not good" is less bad than "bad"
_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?")
_HAN = re.compile(r"[\u3400-\u9fff]")
_SMILES = {
    **dict.fromkeys([":)", ":-)", ":D", "😊", "👍", "😂", "🙂", "🎉"], 1.0),
    **dict.fromkeys(["❤", "😍", "🥰"], 1.5),
    **dict.fromkeys([":(", ":-(", "😢", "😞", "👎", "😭"], -1.0),
    **dict.fromkeys(["😡", "💔", "😠"], -1.5),
}


@dataclass(frozen=True, slots=True)
class _Words:
    valence: Mapping[str, float]
    stems: tuple[tuple[str, float], ...]
    negate: frozenset[str]
    strengthen: frozenset[str]
    whole: re.Pattern[str] | None


def valence(text: str) -> float:
    """Sum up a text's feeling words: above 0 is positive, below negative, about 1 for a plain feeling word."""
    total = _english(text.lower().replace("’", "'"))
    if _HAN.search(text):
        total += _chinese(text)
    return total + sum(worth * text.count(sign) for sign, worth in _SMILES.items())


def reads_as_chinese(text: str) -> bool:
    """Whether a text holds Chinese characters."""
    return _HAN.search(text) is not None


@cache
def prototypes() -> Mapping[str, Sequence[str]]:
    """Give sentences that show each of the three feelings."""
    return {label: tuple(sentences) for label, sentences in _data()["prototypes"].items()}


def _english(text: str) -> float:
    known = _words("en")
    tokens = _WORD.findall(text)
    total = 0.0
    for at, token in enumerate(tokens):
        worth = known.valence.get(token) or next((w for stem, w in known.stems if token.startswith(stem)), 0.0)
        if worth:
            before = tokens[max(at - 3, 0) : at]
            if any(word in known.strengthen for word in before[-2:]):
                worth *= _EMPHASIS
            if any(word in known.negate for word in before):
                worth *= _TURNED
            total += worth
    return total


def _chinese(text: str) -> float:
    known = _words("zh")
    assert known.whole is not None
    total = 0.0
    for clause in re.split(r"[，。！？；、,.!?;\s]+", text):
        end = 0
        for match in known.whole.finditer(clause):
            worth = known.valence[match[0]]
            before = clause[max(match.start() - 4, end) : match.start()]
            if any(before.endswith(word) or word in before[-3:] for word in known.strengthen):
                worth *= _EMPHASIS
            if any(word in before for word in known.negate):
                worth *= _TURNED
            total += worth
            end = match.end()
    return total


@cache
def _words(language: str) -> _Words:
    raw = _data()[language]
    exact: dict[str, float] = {}
    stems: list[tuple[str, float]] = []
    for kind, worth in _VALENCE.items():
        for word in raw.get(kind, "").split():
            if word.endswith("*"):
                stems.append((word[:-1], worth))
            else:
                exact[word] = worth
    longest_first = sorted(exact, key=len, reverse=True)
    whole = re.compile("|".join(map(re.escape, longest_first))) if language == "zh" else None
    stems.sort(key=lambda stem: -len(stem[0]))
    return _Words(exact, tuple(stems), frozenset(raw["negate"].split()), frozenset(raw["strengthen"].split()), whole)


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("models.tasks").joinpath("feelings.toml").read_text(encoding="utf-8"))
