"""Documents, passages and vectors, in SQL. Each method is a transaction of its own; any thread may call it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, FromClause, Select, delete, insert, null, select

from bot.storage import knowledge_rows as rows
from bot.storage.engine import Engines
from bot.storage.errors import translate_errors
from bot.storage.tables import documents, faq_entries, index_snapshots, knowledge_state, passage_vectors, passages
from bot.storage.upsert import insert_or
from bot.storage.vector_support import Support, is_prepared, prepare
from retrieval.types import Document, Passage, SnapshotManifest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bot.storage.vectors import SharedVectors

    Vectors = NDArray[np.float32]

T = TypeVar("T")

log = logging.getLogger(__name__)

CHUNK = 500  # well below SQLite's limit on values in a statement
ROWS_AT_ONCE = 1000


class SqlKnowledge:
    """`retrieval.ports.KnowledgeStore` over SQL. Its methods raise StorageError, and InvalidInput for broken text."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    def revision(self) -> int:
        with translate_errors(self._engines.where), self._engines.read.begin() as connection:
            return connection.scalar(select(knowledge_state.c.revision)) or 0

    def document(self, document_id: str) -> Document | None:
        found = self._read(_documents().where(documents.c.id == document_id))
        return found[0] if found else None

    def documents(self) -> Sequence[Document]:
        return self._read(_documents())

    def documents_of(self, source: str) -> Sequence[Document]:
        return self._read(_documents().where(documents.c.source == source))

    def put(self, items: Iterable[tuple[Document, Sequence[Passage], Vectors]], embedder: str) -> None:
        """Of several items with one id the last is kept. Raises ValueError if passages and vectors do not pair."""
        # Gathered first: the items may be computed while they are asked for, and no lock should wait for that.
        latest = {item[0].id: item for item in items}
        for _, its_passages, vectors in latest.values():
            rows.require_pairs(its_passages, vectors)
        if not latest:
            return
        with translate_errors(self._engines.where), self._engines.write.begin() as connection:
            _grow(connection)  # first, as its row is what PostgreSQL's writers queue for
            _delete(connection, list(latest))
            for chunk in chunks(list(latest.values()), CHUNK):
                _insert(connection, chunk, embedder)

    def remove(self, document_ids: Iterable[str]) -> int:
        with translate_errors(self._engines.where), self._engines.write.begin() as connection:
            _queue(connection)
            count = _delete(connection, list(document_ids))
            if count:
                _grow(connection)
        return count

    def passages(
        self, embedder: str | None, document_ids: Iterable[str] | None = None
    ) -> Iterator[tuple[Passage, NDArray[np.float32] | None]]:
        """One consistent state, however long the reading takes."""
        if embedder is None:
            query = select(passages, null().label("vector"))
        else:
            query = select(passages, passage_vectors.c.vector).select_from(_with_vectors(embedder))
        with translate_errors(self._engines.where), self._engines.read.begin() as connection:
            connection = connection.execution_options(yield_per=ROWS_AT_ONCE)
            for one in _of(document_ids, query):
                with closing(connection.execute(one)) as streamed:
                    for row in streamed:
                        yield rows.passage(row), rows.vector(row.vector)

    def without_vectors(self, embedder: str, document_ids: Iterable[str] | None = None) -> Sequence[Passage]:
        lacking = select(passages).select_from(_with_vectors(embedder)).where(passage_vectors.c.passage_id.is_(None))
        with translate_errors(self._engines.where), self._engines.read.begin() as connection:
            return [rows.passage(row) for query in _of(document_ids, lacking) for row in connection.execute(query)]

    def put_vectors(self, embedder: str, vectors: Iterable[tuple[str, NDArray[np.float32]]]) -> None:
        """Vectors of passages that were removed meanwhile are left out."""
        latest = dict(vectors)
        with translate_errors(self._engines.where), self._engines.write.begin() as connection:
            _queue(connection)
            for chunk in chunks(list(latest), CHUNK):
                there = connection.scalars(select(passages.c.id).where(passages.c.id.in_(chunk))).all()
                _insert_vectors(connection, embedder, [(passage_id, latest[passage_id]) for passage_id in there])

    def shared_vectors(self, embedder: str, dimension: int) -> SharedVectors | None:
        """The vector index that all processes on this database share; None where it has none, as on SQLite."""
        support = self.vector_support()
        if support is None:
            return None
        if support.why_not:
            log.warning("vectors are indexed in each process: %s", support.why_not)
            return None
        from bot.storage.vectors import SharedVectors

        return SharedVectors(self._engines, embedder, dimension, self.put_vectors)

    def vector_support(self) -> Support | None:
        """Whether a PostgreSQL searches vectors itself; None on SQLite. What is missing for it is made, if allowed."""
        if self._engines.write.dialect.name != "postgresql":
            return None
        with translate_errors(self._engines.where), self._engines.write.begin() as connection:
            return prepare(connection)

    def record_snapshot(self, manifest: SnapshotManifest) -> None:
        values = rows.of_snapshot(manifest)
        with translate_errors(self._engines.where), self._engines.write.begin() as connection:
            adding = insert_or(connection.dialect.name, index_snapshots).values(values)
            connection.execute(adding.on_conflict_do_update(index_elements=["id"], set_=values))

    def _read(self, query: Select[Any]) -> list[Document]:
        with translate_errors(self._engines.where), self._engines.read.begin() as connection:
            return [rows.document(row) for row in connection.execute(query)]


def chunks(values: list[T], size: int) -> Iterator[list[T]]:
    """Successive parts of a list, each at most `size` long."""
    return (values[start : start + size] for start in range(0, len(values), size))


def _of(document_ids: Iterable[str] | None, query: Select[Any]) -> list[Select[Any]]:
    """The queries for passages of all documents, or of those named, in order."""
    ordered = query.order_by(passages.c.document_id, passages.c.ordinal)
    if document_ids is None:
        return [ordered]
    return [ordered.where(passages.c.document_id.in_(some)) for some in chunks(sorted(set(document_ids)), CHUNK)]


def _with_vectors(embedder: str) -> FromClause:
    """Passages with their vectors of an embedder, where they have one."""
    same = (passage_vectors.c.passage_id == passages.c.id) & (passage_vectors.c.embedder == embedder)
    return passages.outerjoin(passage_vectors, same)


def _documents() -> Select[Any]:
    joined = documents.outerjoin(faq_entries)
    return select(documents, faq_entries.c.wordings).select_from(joined).order_by(documents.c.id)


def _delete(connection: Connection, ids: list[str]) -> int:
    """Delete documents; what hangs on them goes by the foreign keys."""
    counts = (
        connection.execute(delete(documents).where(documents.c.id.in_(chunk))).rowcount
        for chunk in chunks(sorted(set(ids)), CHUNK)
    )
    return sum(counts)


def _insert(connection: Connection, items: list[tuple[Document, Sequence[Passage], Vectors]], embedder: str) -> None:
    connection.execute(insert(documents), [rows.of_document(document) for document, _, _ in items])
    entries = [rows.of_faq_entry(document) for document, _, _ in items if rows.is_faq_entry(document)]
    if entries:
        connection.execute(insert(faq_entries), entries)
    new = [rows.of_passage(passage) for _, its_passages, _ in items for passage in its_passages]
    if new:
        connection.execute(insert(passages), new)
    pairs = [
        (passage.id, vector)
        for _, its_passages, vectors in items
        for passage, vector in zip(its_passages, vectors, strict=True)
    ]
    _insert_vectors(connection, embedder, pairs)


def _insert_vectors(connection: Connection, embedder: str, pairs: list[tuple[str, NDArray[np.float32]]]) -> None:
    if not pairs:
        return
    adding = insert_or(connection.dialect.name, passage_vectors)
    newer = {"dimension": adding.excluded.dimension, "vector": adding.excluded.vector}
    upsert = adding.on_conflict_do_update(index_elements=["passage_id", "embedder"], set_=newer)
    connection.execute(upsert, [rows.of_vector(passage_id, embedder, vector) for passage_id, vector in pairs])
    if is_prepared(connection):
        from bot.storage.vectors import index_vectors

        index_vectors(connection, embedder, pairs)


def _queue(connection: Connection) -> None:
    """Wait until no other process changes the knowledge base. SQLite's writers queue anyway."""
    connection.execute(select(knowledge_state.c.id).with_for_update())


def _grow(connection: Connection) -> None:
    adding = insert_or(connection.dialect.name, knowledge_state).values(id=1, revision=1)
    more = {"revision": knowledge_state.c.revision + 1}
    connection.execute(adding.on_conflict_do_update(index_elements=["id"], set_=more))
