"""What revisions share: column types, and changing a table of SQLite without giving an id twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

# Written out rather than imported: a revision stays as it is when the tables move on.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


@contextmanager
def altered(table: str) -> Iterator[BatchOperations]:
    """Change a table whose ids are never given twice. SQLite builds it anew, and would begin after the last row."""
    sqlite = op.get_context().dialect.name == "sqlite"
    last = "SELECT seq FROM sqlite_sequence WHERE name = :name"
    given = op.get_bind().execute(sa.text(last), {"name": table}).scalar() if sqlite else None
    with op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True}) as batch:
        yield batch
    if given is not None:
        for statement in (
            "DELETE FROM sqlite_sequence WHERE name = :name",
            "INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :seq)",
        ):
            op.get_bind().execute(sa.text(statement), {"name": table, "seq": given})
