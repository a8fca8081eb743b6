"""The knowledge base in memory: the twin of the SQL store, for tests, demonstrations and measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import RLock
from typing import TYPE_CHECKING

from retrieval.types import Document, Passage, SnapshotManifest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from retrieval.ports import Vectors


class MemoryKnowledgeStore:
    """A KnowledgeStore that forgets everything when the process ends. Safe to call from several threads.

    >>> store = MemoryKnowledgeStore()
    >>> store.revision()
    0
    """

    def __init__(self, check: Callable[[str], object] = str) -> None:
        """`check` is called with every text that comes in, and raises for what the SQL store would refuse."""
        self._check = check
        self._lock = RLock()
        self._revision = 0
        self._documents: dict[str, Document] = {}
        self._passages: dict[str, tuple[Passage, ...]] = {}
        self._vectors: dict[tuple[str, str], NDArray[np.float32]] = {}
        self.snapshots: list[SnapshotManifest] = []

    def revision(self) -> int:
        return self._revision

    def document(self, document_id: str) -> Document | None:
        return self._documents.get(document_id)

    def documents(self) -> Sequence[Document]:
        with self._lock:
            return [self._documents[key] for key in sorted(self._documents)]

    def documents_of(self, source: str) -> Sequence[Document]:
        return [document for document in self.documents() if document.source == source]

    def put(self, items: Iterable[tuple[Document, Sequence[Passage], Vectors]], embedder: str) -> None:
        """Of several items with one id the last is kept. Raises ValueError if passages and vectors do not pair."""
        latest = {item[0].id: item for item in items}  # whole before the lock: an error leaves the store as it was
        for document, passages, vectors in latest.values():
            if len(passages) != len(vectors):
                raise ValueError(f"{len(passages)} passages need as many vectors, not {len(vectors)}")
            for text in _texts(document, passages):
                self._check(text)
        with self._lock:
            self._drop(latest)
            for document, passages, vectors in latest.values():
                self._documents[document.id] = document
                self._passages[document.id] = tuple(passages)
                for passage, vector in zip(passages, vectors, strict=True):
                    self._vectors[embedder, passage.id] = vector.copy()
            self._revision += bool(latest)

    def remove(self, document_ids: Iterable[str]) -> int:
        with self._lock:
            count = self._drop(set(document_ids))
            self._revision += bool(count)
            return count

    def passages(
        self, embedder: str | None, document_ids: Iterable[str] | None = None
    ) -> Iterator[tuple[Passage, NDArray[np.float32] | None]]:
        for passage, vector in self._rows(embedder, document_ids):
            yield passage, None if vector is None else vector.copy()

    def _rows(
        self, embedder: str | None, document_ids: Iterable[str] | None
    ) -> list[tuple[Passage, NDArray[np.float32] | None]]:
        with self._lock:
            named = self._passages.keys() if document_ids is None else self._passages.keys() & set(document_ids)
            return [
                (passage, None if embedder is None else self._vectors.get((embedder, passage.id)))
                for key in sorted(named)
                for passage in sorted(self._passages[key], key=lambda passage: passage.ordinal)
            ]

    def without_vectors(self, embedder: str, document_ids: Iterable[str] | None = None) -> Sequence[Passage]:
        return [passage for passage, vector in self._rows(embedder, document_ids) if vector is None]

    def put_vectors(self, embedder: str, vectors: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
        """Vectors of passages that were removed meanwhile are left out."""
        latest = dict(vectors)
        with self._lock:
            there = {passage.id for passages in self._passages.values() for passage in passages}
            self._vectors.update({(embedder, key): vector.copy() for key, vector in latest.items() if key in there})

    def seen(self, embedder: str) -> dict[str, NDArray[np.float32]]:
        """The vectors of an embedder by passage id, but for the blind ones. They are not to be changed."""
        with self._lock:
            return {key[1]: row for key, row in self._vectors.items() if key[0] == embedder and row.any()}

    def drop_vectors(self, embedder: str, passage_ids: Iterable[str]) -> None:
        """Forget vectors of passages that stay."""
        with self._lock:
            for key in passage_ids:
                self._vectors.pop((embedder, key), None)

    def shared_vectors(self, embedder: str, dimension: int) -> MemoryVectors:
        """The vector index of all who use this store."""
        return MemoryVectors(self, embedder, dimension)

    def record_snapshot(self, manifest: SnapshotManifest) -> None:
        with self._lock:
            self.snapshots.append(manifest)

    def _drop(self, document_ids: Iterable[str]) -> int:
        dropped = [self._passages.pop(key, ()) for key in document_ids if self._documents.pop(key, None)]
        gone = {passage.id for passages in dropped for passage in passages}
        if gone:
            self._vectors = {key: vector for key, vector in self._vectors.items() if key[1] not in gone}
        return len(dropped)


class MemoryVectors:
    """A SharedVectorIndex over a store in memory, exact: each search reads all of its vectors."""

    def __init__(self, store: MemoryKnowledgeStore, embedder: str, dimension: int) -> None:
        self._store = store
        self._embedder = embedder
        self._dimension = dimension

    def __len__(self) -> int:
        return len(self._rows())

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Ids of passages that are not there are left out."""
        self._store.put_vectors(self._embedder, zip(ids, vectors, strict=True))

    def remove(self, ids: Sequence[str]) -> None:
        self._store.drop_vectors(self._embedder, ids)

    def search(self, vector: NDArray[np.float32], limit: int) -> list[tuple[str, float]]:
        import numpy as np

        known = self._rows()
        if limit < 1 or not known or not vector.any():
            return []
        cosines = np.stack(list(known.values())) @ vector
        ids = list(known)
        return [(ids[place], float(cosines[place])) for place in np.argsort(-cosines, kind="stable")[:limit]]

    def cosines(self, vector: NDArray[np.float32], ids: Sequence[str]) -> list[float]:
        cosines: list[float] = (self.vectors(ids) @ vector).tolist()
        return cosines

    def vectors(self, ids: Sequence[str]) -> Vectors:
        import numpy as np

        known, found = self._rows(), np.zeros((len(ids), self._dimension), dtype=np.float32)
        for place, key in enumerate(ids):
            if key in known:
                found[place] = known[key]
        return found

    def catch_up(self) -> int:
        return 0  # it is the store's own vectors

    def _rows(self) -> dict[str, NDArray[np.float32]]:
        return self._store.seen(self._embedder)


def _texts(document: Document, passages: Iterable[Passage]) -> Iterator[str]:
    yield from (document.id, document.title, document.text, document.source, *document.wordings, *document.tags)
    yield from (passage.text for passage in passages)
