"""A knowledge base that can be added to: the real library and search, with an embedder that needs no weights."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.domain import File
from bot.doors.knowledge import KnowledgeDoor
from bot.doors.library import LibraryDoor
from retrieval.embedding.hashed import HashedEmbedder
from retrieval.ingest import Ingestor
from retrieval.memory import MemoryKnowledgeStore
from retrieval.search import Searcher


def _now() -> datetime:
    return datetime.now(UTC)


class Shelf:
    """The store, and the doors to it; files are written to `folder`."""

    def __init__(self, folder: Path, max_bytes: int = 100_000, now: Callable[[], datetime] = _now) -> None:
        self.folder = folder
        self.store = MemoryKnowledgeStore()
        embedder = HashedEmbedder()
        searcher = Searcher(self.store, embedder)
        ingestor = Ingestor(self.store, embedder, max_bytes=max_bytes)
        self.knowledge = KnowledgeDoor(searcher, embedder)
        self.library = LibraryDoor(
            self.store, lambda: ingestor, searcher.refresh, folder / "undo", max_bytes=max_bytes, now=now
        )

    def file(self, name: str, content: str | bytes, path_name: str = "") -> File:
        """A file as a channel keeps it: under a name of its own, while the person's name for it is told."""
        data = content.encode() if isinstance(content, str) else content
        path = self.folder / (path_name or f"upload-{len(list(self.folder.iterdir()))}")
        path.write_bytes(data)
        return File(name, str(path), len(data))

    def ids(self) -> list[str]:
        return [document.id for document in self.store.documents()]
