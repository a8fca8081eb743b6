"""How far a copy has come, noted in the target itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, delete, insert, inspect, select, update

from bot.errors import StorageError
from bot.storage import migrate, revisions
from bot.storage.tables import metadata

OTHER_COPY = "The copy to {where} was begun from another database or by another version. Begin anew with --restart."
SIDE_BY_SIDE = "Another copy to {where} is running; wait until it is done."

progress = Table(
    revisions.COPYING,
    MetaData(),
    Column("table", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("last", Text, nullable=False),  # the primary key of the last row that is there, as JSON; empty before
    Column("rows", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How many rows of a table are there, and the primary key of the last one."""

    table: str
    last: str
    rows: int

    @property
    def key(self) -> list[Any] | None:
        found: list[Any] | None = json.loads(self.last) if self.last else None
        return found

    def after(self, key: Sequence[Any], rows: int) -> Mark:
        """The mark when so many more rows are there."""
        return Mark(self.table, json.dumps(list(key)), self.rows + rows)


def begun(url: str) -> bool:
    """Whether a copy into that database was begun and is not done."""
    if revisions.absent(url):
        return False
    return revisions.with_connection(url, lambda connection: inspect(connection).has_table(progress.name))


def begin(connection: Connection, source: str, where: str) -> None:
    """Note that a copy is under way, or check that it is this one. Raises StorageError."""
    names = sorted(metadata.tables)
    progress.create(connection, checkfirst=True)
    noted = {row.table: row.source for row in connection.execute(select(progress))}
    if not noted:
        connection.execute(insert(progress), [{"table": n, "source": source, "last": "", "rows": 0} for n in names])
        return
    same = sorted(noted) == names and set(noted.values()) == {source}
    if not same or revisions.stored(connection) != migrate.head():
        raise StorageError(OTHER_COPY.format(where=where))


def mark_of(connection: Connection, table: str) -> Mark:
    row = connection.execute(select(progress).where(progress.c.table == table)).one()
    return Mark(row.table, row.last, row.rows)


def move(connection: Connection, before: Mark, after: Mark, where: str) -> None:
    """Raises StorageError where another copy has moved the mark meanwhile."""
    here = (progress.c.table == before.table, progress.c.last == before.last)
    if not connection.execute(update(progress).where(*here).values(last=after.last, rows=after.rows)).rowcount:
        raise StorageError(SIDE_BY_SIDE.format(where=where))


def throw_away(connection: Connection) -> None:
    """Take out what was copied so far, with the marks."""
    for table in reversed(metadata.sorted_tables):
        connection.execute(delete(table))
    progress.drop(connection)
