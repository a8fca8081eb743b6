"""The index of a knowledge base as the store is now.

SQL is the truth: the store's revision is read each time, and what changed is indexed first. While the embedder does
not work, the words are indexed alone; once it does, what has no vectors gets them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from retrieval.catalogue import Catalogue
from retrieval.errors import EmbeddingFailed
from retrieval.index.snapshot import Snapshot
from retrieval.index.state import IndexState, searchable
from retrieval.ports import Embedder, KnowledgeStore, SharedVectorIndex
from retrieval.snapshots import SnapshotKeeper
from retrieval.thresholds import ThresholdKeeper

logger = logging.getLogger(__name__)

OpenShared = Callable[[str, int], SharedVectorIndex | None]

COMPLETE_EVERY = 30.0
"""Seconds between two tries to embed what could not be embedded."""

_BATCH = 64  # passages embedded at once when vectors are missing


class CurrentIndex:
    """Its owner locks it, but for `catalogue`, which any thread may call."""

    def __init__(
        self,
        store: KnowledgeStore,
        embedder: Embedder,
        thresholds: ThresholdKeeper,
        snapshots: SnapshotKeeper,
        open_shared: OpenShared | None,
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._thresholds = thresholds
        self._snapshots = snapshots
        self._open_shared = open_shared
        self._shared: SharedVectorIndex | None = None
        self._now = now
        self._lacking = False
        self._complete_at = 0.0
        self._catalogue: Catalogue | None = None
        self._state: IndexState | None = None
        self._indexed_revision = -1
        self._saved_revision = -1

    @property
    def lacking(self) -> bool:
        """Whether what is indexed has no vectors, or not all, as the embedder failed."""
        return self._lacking

    def catalogue(self) -> Catalogue:
        """The documents at the store's revision."""
        revision = self._store.revision()
        catalogue = self._catalogue
        if catalogue is None or catalogue.revision != revision:
            catalogue = Catalogue(revision, self._store.documents())
            self._catalogue = catalogue
        return catalogue

    def state(self) -> tuple[IndexState, Catalogue]:
        """What is searched at the store's revision, and the documents that it was made of."""
        catalogue = self.catalogue()
        if self._state is not None and self._indexed_revision == catalogue.revision:
            return self._state, catalogue
        known: Snapshot | None = None
        if self._state is None:
            known, self._state = self._begun(len(catalogue.documents))
        state = self._state
        changed = self._update(state, catalogue, known)
        self._indexed_revision = catalogue.revision
        self._adapt_thresholds(state, known, changed)
        if known is not None and known.manifest.revision == self._indexed_revision:
            self._saved_revision = self._indexed_revision
        elif self._saved_revision < 0:  # the work of a whole build is kept, whoever asked for it
            self.save()
        return state, catalogue

    def complete(self) -> None:
        """Embed what could not be embedded, if it is time to try again, and index anew with the vectors."""
        if not self._lacking or self._now() < self._complete_at:
            return
        try:
            self._embed_missing(None)
        except EmbeddingFailed:
            self._lack()
            return
        self._lacking, self._state = False, None

    def save(self) -> None:
        """Keep a snapshot, unless there is one of this revision. What lacks vectors is none."""
        if self._state is None or self._lacking or self._saved_revision == self._indexed_revision:
            return
        if self._snapshots.save(self._state, self._indexed_revision, self._thresholds.current):
            self._saved_revision = self._indexed_revision

    def _begun(self, documents: int) -> tuple[Snapshot | None, IndexState]:
        """An empty state, and what is known from a snapshot; for words alone where the embedder does not even tell the
        length of its vectors.
        """
        try:
            dimension = self._embedder.dimension
        except EmbeddingFailed:
            self._lack()
            return None, IndexState(1)
        if self._open_shared is not None and self._shared is None:
            self._shared = self._open_shared(self._embedder.name, dimension)
        return self._snapshots.load(), IndexState(dimension, documents, self._shared)

    def _update(self, state: IndexState, catalogue: Catalogue, known: Snapshot | None) -> int:
        """Bring the state up to the catalogue; gives how many documents went or came."""
        old = {key: document.digest for key, document in state.documents.items()}
        new = {key: document.digest for key, document in catalogue.documents.items()}
        gone = [key for key, digest in old.items() if new.get(key) != digest]
        fresh = {key for key, digest in new.items() if old.get(key) != digest}
        state.remove(gone)
        if fresh:
            self._index(state, catalogue, fresh, known)
        for key in new.keys() - fresh:  # what passages do not depend on (source, tags) may have changed
            state.documents[key] = catalogue.documents[key]
        return len(gone) + len(fresh)

    def _index(self, state: IndexState, catalogue: Catalogue, fresh: set[str], known: Snapshot | None) -> None:
        named = fresh if state.documents else None  # a few of many; at the start, all in one sweep
        if not self._lacking:
            try:
                self._embed_missing(named)
            except EmbeddingFailed:
                self._lack()
        if self._shared is not None:
            self._shared.catch_up()
        with_vectors = self._shared is None and not self._lacking
        found = self._store.passages(self._embedder.name if with_vectors else None, named)
        rows = [(passage, vector) for passage, vector in found if passage.document_id in fresh]
        same = {key for key in fresh if known is not None and known.digests.get(key) == catalogue.documents[key].digest}
        tokens = {key: w for key, w in known.words.items() if key.rpartition("#")[0] in same} if known else None
        state.add([catalogue.documents[key] for key in sorted(fresh)], rows, tokens)
        logger.info("indexed %d documents with %d passages", len(fresh), len(rows))

    def _embed_missing(self, document_ids: set[str] | None) -> None:
        """Vectors for what another embedder, or none, has embedded."""
        missing = self._store.without_vectors(self._embedder.name, document_ids)
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            vectors = self._embedder.embed([searchable(passage) for passage in batch], "passage")
            self._store.put_vectors(self._embedder.name, [(p.id, v) for p, v in zip(batch, vectors, strict=True)])

    def _adapt_thresholds(self, state: IndexState, known: Snapshot | None, changed: int) -> None:
        if self._lacking:
            return
        try:
            self._thresholds.adapt(state, known, changed)
        except EmbeddingFailed:
            self._lack()

    def _lack(self) -> None:
        self._lacking = True
        self._complete_at = self._now() + COMPLETE_EVERY
