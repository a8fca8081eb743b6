"""Keeping a knowledge base's index for the next start. It goes on without, where the disk refuses."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from retrieval.errors import SnapshotError
from retrieval.index import snapshot
from retrieval.index.state import IndexState
from retrieval.ports import Embedder, KnowledgeStore
from retrieval.types import SnapshotManifest, Thresholds

logger = logging.getLogger(__name__)


class SnapshotKeeper:
    """Keeps snapshots in a directory, and notes them in the store; keeps none where there is no directory."""

    def __init__(self, store: KnowledgeStore, embedder: Embedder, directory: Path | None) -> None:
        self._store = store
        self._embedder = embedder
        self._directory = directory

    def load(self) -> snapshot.Snapshot | None:
        """The current one; None where there is none, or a broken one. Raises EmbeddingFailed."""
        if self._directory is None:
            return None
        try:
            return snapshot.load(self._directory, self._embedder.name, self._embedder.dimension)
        except SnapshotError as error:
            logger.warning("%s", error)
            return None

    def save(self, state: IndexState, revision: int, thresholds: Thresholds) -> bool:
        """Keep what is indexed at a revision of the store; gives whether it did."""
        if self._directory is None:
            return False
        now = datetime.now(UTC)
        manifest = SnapshotManifest(
            id=f"{now:%Y%m%dT%H%M%S%f}",
            revision=revision,
            embedder=self._embedder.name,
            dimension=self._embedder.dimension,
            documents=len(state.documents),
            passages=len(state.passages),
            thresholds=thresholds,
            created_at=now.isoformat(),
        )
        kept = snapshot.Snapshot(
            manifest,
            {key: document.digest for key, document in state.documents.items()},
            {key: item.words for key, item in state.passages.items()},
        )
        try:
            snapshot.save(self._directory, kept)
        except SnapshotError as error:
            logger.warning("%s", error)  # the index in memory is whole: only the next start is slower
            return False
        self._store.record_snapshot(manifest)
        return True
