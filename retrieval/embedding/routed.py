"""One embedder made of two: the model for the languages that it reads, another for the rest. Both share one space."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from retrieval.errors import EmbeddingFailed
from retrieval.language import detect, has_han
from retrieval.ports import Embedder, Use

if TYPE_CHECKING:
    from retrieval.ports import Vectors


class RoutedEmbedder:
    """Sends each text to the embedder that reads its language; a text that none reads gives a row of zeros.

    `main` is asked first. Both must have the same dimension, and, for search across languages, the same space.
    """

    def __init__(self, main: Embedder, other: Embedder) -> None:
        with suppress(EmbeddingFailed):  # a server that is off does not tell
            if main.dimension != other.dimension:
                raise ValueError("both embedders need the same dimension")
        self._main, self._other = main, other

    @property
    def name(self) -> str:
        return f"{self._main.name}|{self._other.name}"

    @property
    def dimension(self) -> int:
        return self._main.dimension

    @property
    def languages(self) -> frozenset[str]:
        return self._main.languages | self._other.languages

    @property
    def fluent(self) -> frozenset[str]:
        """The languages that the model itself reads; the others come through a makeshift."""
        return self._main.languages

    def embed(self, texts: Sequence[str], use: Use = "passage") -> Vectors:
        import numpy as np

        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        chosen = [self._choose(text) for text in texts]
        for embedder in (self._main, self._other):
            own = [i for i, choice in enumerate(chosen) if choice is embedder]
            if own:
                rows[own] = embedder.embed([texts[i] for i in own], use)
        return rows

    def _choose(self, text: str) -> Embedder | None:
        if "*" in self._main.languages:
            return self._main
        language = detect(text) if has_han(text) or not text.isascii() else "en"
        for embedder in (self._main, self._other):
            if language in embedder.languages or "*" in embedder.languages:
                return embedder
        # Latin script that the detector put elsewhere is still worth the model's try: names and loan words carry over.
        return self._main if not has_han(text) and text.isascii() else None
