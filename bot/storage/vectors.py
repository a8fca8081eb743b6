"""The one vector index of all processes: PostgreSQL with pgvector, which the knowledge base's own transactions keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import ARRAY, Connection, Float, Integer, any_, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from bot.storage import knowledge_rows as rows
from bot.storage.engine import Engines
from bot.storage.errors import translate_errors
from bot.storage.tables import passage_vectors
from bot.storage.types import Key
from bot.storage.vector_tables import Slice, indexed_vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from retrieval.ports import Vectors

    Pairs = Iterable[tuple[str, NDArray[np.float32]]]

CANDIDATES = 400  # that a search keeps at least (hnsw.ef_search): the more, the surer and the slower
MOST_CANDIDATES = 1000  # pgvector's limit
AT_ONCE = 1000
_BUILDING = "parley hnsw"


class SharedVectors:
    """`retrieval.ports.SharedVectorIndex` over SQL: `search` reads an HNSW index, and goes on in it until `limit` rows
    are found. Raises StorageError. `put` stores vectors of existing passages, as `KnowledgeStore.put_vectors` does.
    """

    def __init__(self, engines: Engines, embedder: str, dimension: int, put: Callable[[str, Pairs], None]) -> None:
        self._engines = engines
        self._slice = Slice(embedder, dimension)
        self._put = put
        self._built = False
        query = self._slice.typed(bindparam("query", type_=VECTOR))
        distance = self._slice.column.op("<=>", return_type=Float())(query)
        here = select(indexed_vectors.c.passage_id, (1 - distance).label("cosine")).where(self._slice.rows)
        self._nearest = here.order_by(distance).limit(bindparam("limit", type_=Integer))
        self._cosines = here.where(indexed_vectors.c.passage_id == any_(bindparam("ids", type_=ARRAY(Key))))

    def __len__(self) -> int:
        with translate_errors(self._engines.where), self._engines.read.begin() as connection:
            return connection.scalar(select(func.count()).select_from(indexed_vectors).where(self._slice.rows)) or 0

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Ids of passages that are not there are left out."""
        self._put(self._slice.embedder, zip(ids, vectors, strict=True))

    def remove(self, ids: Sequence[str]) -> None:
        of_mine = (passage_vectors.c.embedder == self._slice.embedder, passage_vectors.c.passage_id.in_(ids))
        with translate_errors(self._engines.where), self._engines.write.begin() as connection:
            connection.execute(delete(passage_vectors).where(*of_mine))

    def search(self, vector: NDArray[np.float32], limit: int) -> list[tuple[str, float]]:
        if limit < 1 or not vector.any():
            return []
        wide = str(min(MOST_CANDIDATES, max(CANDIDATES, limit)))
        with translate_errors(self._engines.where), self._engines.read.begin() as connection:
            connection.execute(_SEARCHING, {"candidates": wide})
            found = connection.execute(self._nearest, {"query": vector, "limit": limit})
            return [(row.passage_id, row.cosine) for row in found]

    def cosines(self, vector: NDArray[np.float32], ids: Sequence[str]) -> list[float]:
        if not ids or not vector.any():
            return [0.0] * len(ids)
        with translate_errors(self._engines.where), self._engines.read.begin() as connection:
            found = connection.execute(self._cosines, {"query": vector, "ids": list(ids)})
            known = {row.passage_id: row.cosine for row in found}
        return [known.get(key, 0.0) for key in ids]

    def vectors(self, ids: Sequence[str]) -> Vectors:
        import numpy as np

        wanted = select(passage_vectors.c.passage_id, passage_vectors.c.vector).where(
            passage_vectors.c.embedder == self._slice.embedder,
            passage_vectors.c.dimension == self._slice.dimension,
            passage_vectors.c.passage_id == any_(bindparam("ids", type_=ARRAY(Key))),
        )
        with translate_errors(self._engines.where), self._engines.read.begin() as connection:
            known = {row.passage_id: row.vector for row in connection.execute(wanted, {"ids": list(ids)})}
        found = np.zeros((len(ids), self._slice.dimension), dtype=np.float32)
        for place, key in enumerate(ids):
            if (row := rows.vector(known.get(key))) is not None:
                found[place] = row
        return found

    def catch_up(self) -> int:
        """The first one builds the embedder's index, after the vectors are there, which takes less time."""
        with translate_errors(self._engines.where):
            count = self._fill()
            if not self._built and self._slice.index:
                self._build()
            if count:
                with self._engines.write.begin() as connection:
                    connection.execute(text(f"ANALYZE {indexed_vectors.name}"))
        return count

    def _fill(self) -> int:
        there = (indexed_vectors.c.passage_id == passage_vectors.c.passage_id) & (
            indexed_vectors.c.embedder == passage_vectors.c.embedder
        )
        lacking = (
            select(passage_vectors.c.passage_id, passage_vectors.c.vector)
            .outerjoin(indexed_vectors, there)
            .where(passage_vectors.c.embedder == self._slice.embedder, indexed_vectors.c.passage_id.is_(None))
            .order_by(passage_vectors.c.passage_id)
            .limit(AT_ONCE)
            .with_for_update(read=True, of=passage_vectors)  # they stay as they are until they are indexed
        )
        count, last = 0, ""
        while True:
            with self._engines.write.begin() as connection:
                found = connection.execute(lacking.where(passage_vectors.c.passage_id > last)).all()
                if not found:
                    return count
                pairs = [(row.passage_id, rows.vector(row.vector)) for row in found]
                values = [of_vector(key, self._slice.embedder, row) for key, row in pairs if row is not None]
                connection.execute(insert(indexed_vectors).on_conflict_do_nothing(), values)
            count += len(found)
            last = found[-1].passage_id

    def _build(self) -> None:
        """Where another process is at it, this one goes on without: a search is then exact and takes longer."""
        with self._engines.write.begin() as connection:
            if connection.scalar(select(func.to_regclass(self._slice.index))) is None:
                if not connection.scalar(select(func.pg_try_advisory_xact_lock(func.hashtext(_BUILDING)))):
                    return
                self._slice.create_index(connection)
        self._built = True


_SEARCHING = text(
    "SELECT set_config('hnsw.ef_search', :candidates, true), set_config('hnsw.iterative_scan', 'strict_order', true)"
)


def index_vectors(connection: Connection, embedder: str, pairs: Pairs) -> None:
    """Index vectors that were just stored in the same transaction, or replace those of the same passages."""
    adding = insert(indexed_vectors)
    upsert = adding.on_conflict_do_update(
        index_elements=["passage_id", "embedder"], set_={"vector": adding.excluded.vector}
    )
    connection.execute(upsert, [of_vector(key, embedder, vector) for key, vector in pairs])


def of_vector(passage_id: str, embedder: str, vector: NDArray[np.float32]) -> dict[str, object]:
    """The row; the vector is left out where it is blind, as nothing is near to zeros."""
    return {"passage_id": passage_id, "embedder": embedder, "vector": vector if vector.any() else None}
