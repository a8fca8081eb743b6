"""What Parley knows of languages without a model, and what it says of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class GlossedWord:
    """A word with its reading (pinyin with tone marks, empty for English) and its senses in the other language."""

    word: str
    reading: str
    senses: tuple[str, ...]


class LanguageTools(Protocol):
    """What Parley knows of languages without a model. Language codes are ISO 639-1."""

    def detect(self, text: str, default: str = "en", among: Sequence[str] = ()) -> str:
        """A text's language; `default` where it does not tell. `among` are the languages that are spoken here: a short
        text is in one of them.
        """
        ...

    def sentences(self, text: str, language: str) -> Sequence[tuple[int, int]]:
        """Offsets of the sentences of a text, in order."""
        ...

    def content_words(self, text: str, language: str) -> Sequence[str]:
        """Normalised words (stems where the language has a stemmer) without stop words, in order."""
        ...

    def gloss(self, text: str, source: str, target: str) -> Sequence[GlossedWord]:
        """Word-by-word gloss; empty where there is no dictionary for the pair."""
        ...


class Texts(Protocol):
    """Every sentence of Parley's own that a visitor can see, by its id, in the language of the visitor."""

    def __call__(self, text_id: str, language: str, /, **values: str | int | float) -> str: ...
