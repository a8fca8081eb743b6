"""A question made ready to be searched with: its words, its topic, its vector, and how well the embedder reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from retrieval.errors import EmbeddingFailed
from retrieval.fusion import Query, Sight
from retrieval.ports import Embedder
from retrieval.tokenize import content_words, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class QueryReader:
    """Reads questions with one embedder. Safe to call from several threads."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def sight(self, language: str) -> Sight:
        """How well the embedder reads a language."""
        fluent = getattr(self._embedder, "fluent", self._embedder.languages)
        if language in fluent or "*" in fluent:
            return Sight.FLUENT
        return Sight.GLOSSED if language in self._embedder.languages else Sight.BLIND

    def read(self, text: str, language: str) -> Query:
        """Raises EmbeddingFailed."""
        return self._query(text, language, self._embedder.embed([text], "query")[0])

    def read_or_blind(self, text: str, language: str) -> Query:
        """Without a vector where the embedder fails: the words decide alone."""
        try:
            return self.read(text, language)
        except EmbeddingFailed:
            return self._query(text, language, _nothing())

    def _query(self, text: str, language: str, vector: NDArray[np.float32]) -> Query:
        tokens = tuple(words(text, language))
        topic = tuple(dict.fromkeys(content_words(text, language))) or tuple(dict.fromkeys(tokens))
        sight = self.sight(language) if vector.any() else Sight.BLIND
        return Query(text, language, tokens, topic, vector, sight)


def blinded(query: Query) -> Query:
    """The query without its vector, for an index that has none."""
    return replace(query, vector=_nothing(), sight=Sight.BLIND)


def _nothing() -> NDArray[np.float32]:
    """The vector of what was not embedded: it finds nothing."""
    import numpy as np

    return np.zeros(0, dtype=np.float32)
