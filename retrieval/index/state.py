"""The searchable copy of a knowledge base in one process: documents, words and BM25, and vectors unless those are in an
index that all processes share. Its owner locks it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.index.flat import HALF_FROM, DenseIndex
from retrieval.lexical.bm25 import LexicalIndex
from retrieval.tokenize import words
from retrieval.types import Document, Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from retrieval.ports import SharedVectorIndex, VectorIndex, Vectors


@dataclass(frozen=True, slots=True)
class Indexed:
    """A passage with its words."""

    passage: Passage
    words: tuple[str, ...]
    vocabulary: frozenset[str]


def searchable(passage: Passage) -> str:
    """What a passage is matched on: its text, with the headings above it."""
    return "\n".join((*passage.heading_path, passage.text)) if passage.heading_path else passage.text


class IndexState:
    """Documents and passages, indexed twice. `remove` and `add` keep both indexes and the word counts in step; a shared
    vector index is kept in step by the store.
    """

    def __init__(self, dimension: int, expected: int = 0, shared: SharedVectorIndex | None = None) -> None:
        self.documents: dict[str, Document] = {}
        self.passages: dict[str, Indexed] = {}  # by passage id
        self.of_document: dict[str, list[Indexed]] = {}
        self.frequency: Counter[str] = Counter()  # in how many documents a word stands
        self.languages: Counter[str] = Counter()
        self._shared = shared is not None
        self._dense: VectorIndex = DenseIndex(dimension, half=expected >= HALF_FROM) if shared is None else shared
        self._lexical = LexicalIndex()

    def add(
        self,
        documents: Iterable[Document],
        passages: Iterable[tuple[Passage, NDArray[np.float32] | None]],
        known_words: dict[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Index documents with their passages; none of them may be indexed already. A shared index has the vectors."""
        import numpy as np

        for document in documents:
            self.documents[document.id] = document
            self.of_document[document.id] = []
            self.languages[document.language] += 1
        added: list[Indexed] = []
        rows: dict[str, NDArray[np.float32]] = {}
        for passage, vector in passages:
            if passage.document_id not in self.documents:
                continue
            tokens = (known_words or {}).get(passage.id) or tuple(words(searchable(passage), passage.language))
            item = Indexed(passage, tokens, frozenset(tokens))
            added.append(item)
            if vector is not None:
                rows[passage.id] = vector
            self.passages[passage.id] = item
            self.of_document[passage.document_id].append(item)
        for document_id in {item.passage.document_id for item in added}:
            self.frequency.update(self._words_of(document_id))
        if added:
            self._lexical.add((item.passage.id, item.passage.document_id, item.words) for item in added)
        if rows and not self._shared:
            self._dense.add(list(rows), np.stack(list(rows.values())))

    def remove(self, document_ids: Sequence[str]) -> None:
        """Forget documents with their passages; unknown ids are ignored."""
        known = [document_id for document_id in document_ids if document_id in self.documents]
        gone: list[str] = []
        for document_id in known:
            self.frequency.subtract(self._words_of(document_id))
            self.languages[self.documents.pop(document_id).language] -= 1
            for item in self.of_document.pop(document_id):
                del self.passages[item.passage.id]
                gone.append(item.passage.id)
        if known:
            self._lexical.remove(known)
        if not self._shared:
            self._dense.remove(gone)

    def lexical(self, tokens: Sequence[str], limit: int) -> list[tuple[Indexed, float]]:
        """The best passages by BM25."""
        return [(self.passages[key], score) for key, score in self._lexical.search(tokens, limit)]

    def dense(self, vector: NDArray[np.float32], limit: int) -> list[tuple[Indexed, float]]:
        """The best passages by cosine. Those that another process stored since are passed over."""
        found = self._dense.search(vector, limit)
        return [(self.passages[key], score) for key, score in found if key in self.passages]

    def cosines(self, items: Sequence[Indexed], vector: NDArray[np.float32]) -> list[float]:
        """The cosine of each passage."""
        return self._dense.cosines(vector, [item.passage.id for item in items])

    def vectors(self, items: Sequence[Indexed]) -> Vectors:
        """The vector of each passage."""
        return self._dense.vectors([item.passage.id for item in items])

    def idf(self, word: str) -> float:
        """How much a word tells: BM25's inverse document frequency, largest for words that no document has."""
        count = max(0, self.frequency.get(word, 0))
        return math.log(1 + (len(self.documents) - count + 0.5) / (count + 0.5))

    def _words_of(self, document_id: str) -> set[str]:
        return {word for item in self.of_document[document_id] for word in item.vocabulary}
