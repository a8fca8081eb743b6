"""An embedder without a model: character n-grams hashed into a vector. The in-memory twin of the real ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from retrieval.ports import Use

if TYPE_CHECKING:
    from retrieval.ports import Vectors


class HashedEmbedder:
    """Cosines follow shared character n-grams (feature hashing, Weinberger et al. 2009). Deterministic, no weights."""

    def __init__(self, dimension: int = 256, languages: frozenset[str] = frozenset({"*"})) -> None:
        self._dimension = dimension
        self._languages = languages

    @property
    def name(self) -> str:
        return f"hashed-{self._dimension}"

    @property
    def dimension(self) -> int:
        return self._dimension

    @property
    def languages(self) -> frozenset[str]:
        return self._languages

    def embed(self, texts: Sequence[str], use: Use = "passage") -> Vectors:
        import numpy as np

        from retrieval.tokenize import normalise

        rows = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            padded = f" {' '.join(normalise(text).split())} "
            for size in (1, 2, 3):
                for start in range(len(padded) - size + 1):
                    slot, sign = _slot(padded[start : start + size], self._dimension)
                    row[slot] += sign * size
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        np.divide(rows, lengths, out=rows, where=lengths > 0)
        return rows


@lru_cache(maxsize=100_000)
def _slot(gram: str, dimension: int) -> tuple[int, float]:
    number = int.from_bytes(hashlib.blake2b(gram.encode("utf-8", "replace"), digest_size=8).digest())
    return number % dimension, 1.0 if number >> 63 else -1.0
