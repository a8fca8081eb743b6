"""The vectors that PostgreSQL can search: one table, which a server with the extension pgvector has beside the others.

It holds again what `passage_vectors` holds, in the extension's own type, and hangs on it by its foreign key: what is
removed there cannot be found here. Each embedder has an HNSW index of its own (Malkov and Yashunin, "Efficient and
robust approximate nearest neighbor search using Hierarchical Navigable Small World graphs", 2016).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from pgvector.sqlalchemy import HALFVEC, VECTOR
from sqlalchemy import (
    BindParameter,
    Cast,
    Column,
    ColumnElement,
    Connection,
    ForeignKeyConstraint,
    MetaData,
    Table,
    bindparam,
    cast,
    func,
)

from bot.storage.tables import metadata, passage_vectors
from bot.storage.types import Key

LARGEST = 2000  # dimensions that an index of 32-bit numbers takes
CARE = 128  # hnsw.ef_construction: with pgvector's own 64, 2 of 100 of the nearest were missed among 100,000
LARGEST_HALF = 4000  # and one of 16-bit numbers

vector_metadata = MetaData(naming_convention=metadata.naming_convention)

indexed_vectors = Table(
    "indexed_vectors",
    vector_metadata,
    Column("passage_id", Key, primary_key=True),
    Column("embedder", Key, primary_key=True),
    Column("vector", VECTOR),  # NULL where the embedder was blind
    ForeignKeyConstraint(
        ["passage_id", "embedder"], [passage_vectors.c.passage_id, passage_vectors.c.embedder], ondelete="CASCADE"
    ),
)


@dataclass(frozen=True, slots=True)
class Slice:
    """One embedder's vectors, as the planner must see them to use their index: its name stands in the statement."""

    embedder: str
    dimension: int

    @property
    def rows(self) -> ColumnElement[bool]:
        """The embedder's rows; a model that was replaced by another of the same name may have left others."""
        name = bindparam("embedder", self.embedder, type_=Key, literal_execute=True)
        size: BindParameter[int] = bindparam("dimension", self.dimension, literal_execute=True)
        return (indexed_vectors.c.embedder == name) & (func.vector_dims(indexed_vectors.c.vector) == size)

    @property
    def column(self) -> Cast[Any]:
        return self.typed(indexed_vectors.c.vector)

    def typed(self, value: ColumnElement[Any]) -> Cast[Any]:
        """A vector of this dimension; above what an index takes at full precision, of 16-bit numbers."""
        return cast(value, (VECTOR if self.dimension <= LARGEST else HALFVEC)(self.dimension))

    @property
    def index(self) -> str | None:
        """The index's name; None where there are too many dimensions: every vector is read, which is exact and slow."""
        if self.dimension > LARGEST_HALF:
            return None
        mark = hashlib.sha256(f"{self.dimension} {self.embedder}".encode()).hexdigest()
        return f"ix_{indexed_vectors.name}_{mark[:12]}"

    def create_index(self, connection: Connection) -> None:
        """Waits for the end of the building, which nobody else's searches do."""
        kind = "vector_cosine_ops" if self.dimension <= LARGEST else "halfvec_cosine_ops"
        column, rows = (
            expression.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
            for expression in (self.column, self.rows)
        )
        # Neither a name nor a condition of an index may be a parameter; the dialect has quoted them.
        place = f"{indexed_vectors.name} USING hnsw (({column}) {kind})"
        options = f"WITH (ef_construction = {CARE})"
        connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS {self.index} ON {place} {options} WHERE {rows}")
