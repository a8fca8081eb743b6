"""Documents into the store: read, split, embedded, one transaction a file, and told line by line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.chunking import split
from retrieval.errors import UnreadableDocument
from retrieval.index.state import searchable
from retrieval.ports import Embedder, KnowledgeStore
from retrieval.readers import is_readable, read, unopened
from retrieval.readers.decode import MAX_BYTES
from retrieval.refusals import sizes
from retrieval.types import Document, IngestOutcome, IngestStatus, Refusal

if TYPE_CHECKING:
    from retrieval.ports import Vectors

_BATCH = 64  # passages embedded at once


class Ingestor:
    """Adds files, folders and bytes to a store, and removes documents from it.

    >>> from retrieval.memory import MemoryKnowledgeStore
    >>> from retrieval.embedding.hashed import HashedEmbedder
    >>> ingestor = Ingestor(MemoryKnowledgeStore(), HashedEmbedder())
    >>> [outcome.status.value for outcome in ingestor.add_bytes("note.txt", b"The shop opens at nine.")]
    ['added']
    """

    def __init__(
        self, store: KnowledgeStore, embedder: Embedder, *, default_language: str = "en", max_bytes: int = MAX_BYTES
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._default_language = default_language
        self._max_bytes = max_bytes

    def add(self, paths: Iterable[Path]) -> Iterator[IngestOutcome]:
        """Add files, and the readable files of folders; yields an outcome a document as it is done.

        A file that cannot be read is refused with its reason, and what was stored of it stays.
        """
        for path in paths:
            if path.is_dir():
                yield from self._add_folder(path)
            else:
                yield from self._add_file(path)

    def add_bytes(self, source: str, data: bytes) -> Iterator[IngestOutcome]:
        """Add the documents of one file, given its name (or `-`) and content."""
        try:
            documents, refusals = read(source, data, language=self._default_language, max_bytes=self._max_bytes)
        except UnreadableDocument as refusal:
            yield _refused(source, refusal)
            return
        for refused in refusals:
            yield _refused(source, refused)
        yield from self._put(source, documents, complete=not refusals)

    def remove(self, names: Sequence[str]) -> int:
        """Remove documents by id, or all that came from a source; gives how many there were.

        They cannot be found once this returns.
        """
        ids: list[str] = []
        for name in names:
            if self._store.document(name) is not None:
                ids.append(name)
            else:
                for source in dict.fromkeys((name, _source(Path(name)))):
                    ids += [document.id for document in self._store.documents_of(source)]
        return self._store.remove(dict.fromkeys(ids)) if ids else 0

    def restore(self, documents: Sequence[Document]) -> None:
        """Store documents as they once were, whatever their sources hold now. Raises RetrievalError."""
        changed = [(document, IngestStatus.REPLACED) for document in documents]
        for _ in self._store_changed("", changed):
            pass

    def _add_folder(self, folder: Path) -> Iterator[IngestOutcome]:
        problems: list[OSError] = []
        files: list[Path] = []
        for root, folders, names in os.walk(folder, onerror=problems.append):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            files += [Path(root, name) for name in sorted(names) if not name.startswith(".")]
        for problem in problems:
            yield _refused(str(problem.filename or folder), unopened(problem))
        readable = [file for file in files if is_readable(file.name)]
        if not readable and not problems:
            yield _refused(str(folder), UnreadableDocument("nothing-readable"))
        for file in readable:
            yield from self._add_file(file)

    def _add_file(self, path: Path) -> Iterator[IngestOutcome]:
        source = _source(path)
        try:
            with path.open("rb") as file:
                data = file.read(self._max_bytes + 1)
                size = path.stat().st_size
        except OSError as error:
            yield _refused(source, unopened(error))
            return
        if size > self._max_bytes:  # it is not read to its end, but its true size is told
            yield _refused(
                source, UnreadableDocument("too-large", source="", line=None, **sizes(size, self._max_bytes))
            )
            return
        yield from self.add_bytes(source, data)

    def _put(self, source: str, documents: list[Document], *, complete: bool) -> Iterator[IngestOutcome]:
        """Store what is new, in batches; then remove what the file no longer has, unless rows of it were refused."""
        before = {document.id: document for document in self._store.documents_of(source)}
        changed: list[tuple[Document, IngestStatus]] = []
        for document in documents:
            stored = self._store.document(document.id)
            if stored is not None and stored.source != source:
                clash = UnreadableDocument("id-taken", id=stored.id, other=stored.source, new=source)
                yield _refused(source, clash, document)
            elif stored is not None and stored.digest == document.digest:
                yield IngestOutcome(IngestStatus.UNCHANGED, source, document.id, document.title)
            else:
                status = IngestStatus.ADDED if stored is None else IngestStatus.REPLACED
                changed.append((document, status))
        yield from self._store_changed(source, changed)
        gone = [key for key in before if key not in {document.id for document in documents}] if complete else []
        if gone:
            self._store.remove(gone)
        for key in gone:
            yield IngestOutcome(IngestStatus.REMOVED, source, key, before[key].title)

    def _store_changed(self, source: str, changed: list[tuple[Document, IngestStatus]]) -> Iterator[IngestOutcome]:
        for group in _groups(changed):
            passages = {document.id: split(document) for document, _ in group}
            texts = [searchable(passage) for document, _ in group for passage in passages[document.id]]
            vectors = self._embed(texts)
            items, start = [], 0
            for document, _ in group:
                count = len(passages[document.id])
                items.append((document, passages[document.id], vectors[start : start + count]))
                start += count
            self._store.put(items, self._embedder.name)
            for document, status in group:
                yield IngestOutcome(status, source, document.id, document.title, len(passages[document.id]))

    def _embed(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        batches = [self._embedder.embed(texts[i : i + _BATCH], "passage") for i in range(0, len(texts), _BATCH)]
        return np.concatenate(batches) if batches else np.zeros((0, self._embedder.dimension), dtype=np.float32)


def _groups(changed: list[tuple[Document, IngestStatus]]) -> Iterator[list[tuple[Document, IngestStatus]]]:
    """Documents gathered so that a group has about one batch of passages: one transaction and one line of progress."""
    group: list[tuple[Document, IngestStatus]] = []
    size = 0
    for item in changed:
        group.append(item)
        size += 2 + len(item[0].wordings) + len(item[0].text) // 700
        if size >= _BATCH:
            yield group
            group, size = [], 0
    if group:
        yield group


def _source(path: Path) -> str:
    return str(path) if str(path) == "-" else str(path.resolve())


def _refused(source: str, refusal: UnreadableDocument, document: Document | None = None) -> IngestOutcome:
    place = f"line {refusal.line}: " if refusal.line else ""
    return IngestOutcome(
        IngestStatus.REFUSED,
        source,
        document.id if document else None,
        document.title if document else None,
        reason=f"{place}{refusal.reason}",
        refusal=Refusal(refusal.code, refusal.values, refusal.line),
    )
