"""What the knowledge base needs from outside, and what its parts promise one another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from retrieval.types import Document, Passage, SnapshotManifest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]  # shape (n, dimension), each row of length 1, or all zeros where blind

Use = Literal["query", "passage"]


class Embedder(Protocol):
    """Turns texts into vectors. Safe to call from several threads.

    `languages` are the ISO 639-1 codes that it can read, or {"*"} for any. A text that it cannot read at all gives
    a row of zeros. `dimension` and `embed` raise EmbeddingFailed where it does not work at the moment.
    """

    @property
    def name(self) -> str:
        """Changes whenever the vectors would: it is stored with them."""
        ...

    @property
    def dimension(self) -> int: ...

    @property
    def languages(self) -> frozenset[str]: ...

    def embed(self, texts: Sequence[str], use: Use = "passage") -> Vectors: ...


class VectorIndex(Protocol):
    """Vectors of one embedder by passage id, searched by cosine. Rows have length 1, or are zeros: those are blind, are
    kept by no index, and neither find nor are found.
    """

    def __len__(self) -> int:
        """How many rows can be found."""
        ...

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Add rows (n, dimension), or replace those of the same id."""
        ...

    def remove(self, ids: Sequence[str]) -> None:
        """Remove rows; unknown ids are ignored. They cannot be found once this returns."""
        ...

    def search(self, vector: NDArray[np.float32], limit: int) -> list[tuple[str, float]]:
        """The ids of the nearest rows with their cosines, best first; nothing for a blind query."""
        ...

    def cosines(self, vector: NDArray[np.float32], ids: Sequence[str]) -> list[float]:
        """The cosines of the named rows, in that order; 0 for one that is not there."""
        ...

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """The named rows, in that order; zeros for one that is not there."""
        ...


class SharedVectorIndex(VectorIndex, Protocol):
    """An index that every process of one knowledge base uses. The store keeps it in step: what is stored can be found,
    and what is removed cannot, in the same transaction. Safe to call from several threads.
    """

    def catch_up(self) -> int:
        """Index stored vectors that are not indexed yet (the database was copied, say); gives how many there were."""
        ...


class Reranker(Protocol):
    """Reads a question together with each passage. Safe to call from several threads."""

    def score(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        """How likely each passage answers the query, 0 to 1. Raises RerankingFailed."""
        ...


class KnowledgeStore(Protocol):
    """Where documents, passages and vectors are kept: SQL in the product, memory in tests. SQL is the truth."""

    def revision(self) -> int:
        """A number that grows with every committed change of documents; cheap, read before each search."""
        ...

    def document(self, document_id: str) -> Document | None: ...

    def documents(self) -> Sequence[Document]:
        """All documents, by id."""
        ...

    def documents_of(self, source: str) -> Sequence[Document]:
        """The documents that came from one source, by id."""
        ...

    def put(self, items: Iterable[tuple[Document, Sequence[Passage], Vectors]], embedder: str) -> None:
        """Add documents or replace those of the same id, with passages and vectors, in one transaction."""
        ...

    def remove(self, document_ids: Iterable[str]) -> int:
        """Remove documents with all that hangs on them, in one transaction; gives how many there were."""
        ...

    def passages(
        self, embedder: str | None, document_ids: Iterable[str] | None = None
    ) -> Iterator[tuple[Passage, NDArray[np.float32] | None]]:
        """Passages by (document id, ordinal), each with its vector of that embedder, or None if it has none. With no
        embedder named, passages alone.

        Those of all documents, or of the documents named alone; ids that are not there are passed over.
        """
        ...

    def without_vectors(self, embedder: str, document_ids: Iterable[str] | None = None) -> Sequence[Passage]:
        """The passages that have no vector of that embedder, in order; of the documents named alone."""
        ...

    def put_vectors(self, embedder: str, vectors: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
        """Store vectors of existing passages, by passage id; used when the embedder changes. Leaves the revision."""
        ...

    def record_snapshot(self, manifest: SnapshotManifest) -> None: ...
