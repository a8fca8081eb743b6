"""Is a sentence supported by the passages? A check on its words, its numbers and its negations.

It is a lexical check in the manner of knowledge-F1 (Shuster et al. 2021): cheap, the same in every language that has
a segmentation, and strict where a small model errs most, in numbers and names. It cannot see a false relation
between words that are all in the passage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.ports import LanguageTools

MIN_COVERAGE = 0.75

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|cannot|without|neither|nor)\b|n['’]t\b|不|没有|没|未|无法|别|勿|禁止", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Support:
    """`coverage` is the share of the sentence's content words that the passages have, in [0, 1]."""

    coverage: float
    numbers: bool
    negation: bool

    @property
    def supported(self) -> bool:
        return self.numbers and self.negation and self.coverage >= MIN_COVERAGE


class Evidence:
    """The passages that sentences are held against, segmented once."""

    def __init__(self, passages: Sequence[str], language: str, tools: LanguageTools) -> None:
        self._tools = tools
        self._language = language
        joined = "\n".join(passages)
        self._words = self._content(joined)
        self._numbers = frozenset(_numbers(joined))
        self._sentences = [
            (self._content(sentence), bool(_NEGATION.search(sentence)))
            for passage in passages
            for sentence in _sentences(passage, language, tools)
        ]

    def support(self, sentence: str) -> Support:
        """Hold one sentence against the passages. A sentence without content words has nothing to support."""
        words = self._content(sentence)
        if not words:
            return Support(0.0, numbers=True, negation=True)
        coverage = len(words & self._words) / len(words)
        return Support(coverage, set(_numbers(sentence)) <= self._numbers, self._negation_agrees(sentence, words))

    def _content(self, text: str) -> frozenset[str]:
        """The words that carry the topic; numbers are compared apart, as values."""
        words = self._tools.content_words(text, self._language)
        return frozenset(word for word in words if not any(map(str.isdigit, word)))

    def _negation_agrees(self, sentence: str, words: frozenset[str]) -> bool:
        """A denial needs a denial in the sentence of the passages that it is nearest to, and the other way round."""
        nearest = max(self._sentences, key=lambda other: len(words & other[0]), default=None)
        return nearest is None or bool(_NEGATION.search(sentence)) == nearest[1]


def _numbers(text: str) -> list[str]:
    return [found.rstrip(".,:").replace(",", "") for found in _NUMBER.findall(text)]


def _sentences(text: str, language: str, tools: LanguageTools) -> list[str]:
    return [text[start:end] for start, end in tools.sentences(text, language)]
