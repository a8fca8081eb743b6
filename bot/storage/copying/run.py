"""The copy itself: see `bot.storage.copying`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import JSON, Connection, Insert, Row, Table, bindparam, func, insert, literal, select, tuple_

from bot.errors import InvalidInput, StorageError
from bot.storage import migrate, revisions
from bot.storage.copying import marks
from bot.storage.copying.content import Content, content_of, size_of
from bot.storage.copying.numbers import last_number, set_last_number
from bot.storage.engine import Engines, open_engines, parse, where_of
from bot.storage.errors import translate_errors
from bot.storage.tables import metadata
from bot.storage.text import checked

ROWS_AT_ONCE = 500
CHARACTERS_AT_ONCE = 4_000_000  # a batch of very long texts has fewer rows

NOTHING = "There is no database at {where}, so there is nothing to copy."
SAME = "The copy would go to where it comes from; name another database after --to."
OUTDATED = "The database {where} is not at this version's revision. Run: parley db upgrade"
OTHER_REVISION = "The database {where} is at another revision than this Parley; name an empty one after --to."
OCCUPIED = "The database {where} holds other data already (table {table}); name an empty one after --to."
CHANGED = (
    "The copy in {where} differs from its source in table {table}: somebody has written to one of them meanwhile. "
    "Stop every Parley that uses them, and begin anew with --restart."
)
UNFIT = "Row {key} of table {table} cannot be copied: {error}"


@dataclass(frozen=True, slots=True)
class Step:
    """What `copy` tells of: so many rows of a table are copied, or its content is compared."""

    doing: Literal["copying", "checking"]
    table: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Copied:
    """One table of a finished copy."""

    table: str
    content: Content


Tell = Callable[[Step], None]


def copy(source_url: str, target_url: str, tell: Tell, *, restart: bool = False) -> list[Copied]:
    """Copy all rows of all tables. A target that is the same already is compared alone. `restart` throws away a copy
    that was broken off, and nothing else. Raises StorageError; the target keeps what has come.
    """
    _check_source(source_url, target_url)
    if restart and marks.begun(target_url):
        with _opened(target_url) as target, target.write.begin() as writing:
            marks.throw_away(writing)
    with _opened(source_url) as source, source.read.begin() as reading:  # one state of it, however long it takes
        resumed = marks.begun(target_url)
        if not resumed:
            _make_ready(target_url)
        with _opened(target_url) as target:
            occupied = None if resumed else _first_occupied(target)
            if occupied is None:
                _copy_all(reading, target, source.where, tell)
            done = _compared(reading, target, tell)
            if isinstance(done, str):
                reason = OCCUPIED.format(table=occupied, where=target.where) if occupied else None
                raise StorageError(reason or CHANGED.format(table=done, where=target.where))
            if occupied is None:
                with target.write.begin() as writing:
                    marks.progress.drop(writing)
            return done


def _check_source(source_url: str, target_url: str) -> None:
    source, target = where_of(parse(source_url)), where_of(parse(target_url))
    if source == target:
        raise StorageError(SAME)
    if revisions.absent(source_url):
        raise StorageError(NOTHING.format(where=source))
    if not migrate.check(source_url):
        raise StorageError(OUTDATED.format(where=source))


def _make_ready(target_url: str) -> None:
    """Give an empty target its tables."""
    if migrate.current(target_url) not in (None, migrate.head()):
        raise StorageError(OTHER_REVISION.format(where=where_of(parse(target_url))))
    migrate.upgrade(target_url)


@contextmanager
def _opened(url: str) -> Iterator[Engines]:
    engines = open_engines(url)
    try:
        with translate_errors(engines.where):
            yield engines
    finally:
        engines.dispose()


def _first_occupied(target: Engines) -> str | None:
    with target.read.begin() as connection:
        for table in metadata.sorted_tables:
            if connection.execute(select(literal(1)).select_from(table).limit(1)).first():
                return table.name
    return None


def _copy_all(reading: Connection, target: Engines, source: str, tell: Tell) -> None:
    with target.write.begin() as writing:
        marks.begin(writing, source, target.where)
    for table in metadata.sorted_tables:
        _copy_table(reading, target, table, tell)
        with target.write.begin() as writing:
            set_last_number(writing, table, last_number(reading, table))


def _copy_table(reading: Connection, target: Engines, table: Table, tell: Tell) -> None:
    total = _count(reading, table)
    with target.read.begin() as connection:
        mark = marks.mark_of(connection, table.name)
    tell(Step("copying", table.name, mark.rows, total))
    for batch in _batches(reading, table, mark.key):
        after = mark.after([batch[-1]._mapping[column] for column in table.primary_key], len(batch))
        try:
            with translate_errors(target.where), target.write.begin() as writing:
                marks.move(writing, mark, after, target.where)
                writing.execute(_inserting(table), [_values(table, row) for row in batch])
        except InvalidInput as error:
            raise StorageError(_unfit(table, batch, error)) from None
        mark = after
        tell(Step("copying", table.name, mark.rows, total))


def _batches(reading: Connection, table: Table, last: list[Any] | None) -> Iterator[list[Row[Any]]]:
    """Rows by primary key, after the last one that is there."""
    key = list(table.primary_key)
    query = select(table).order_by(*key)
    if last is not None:
        query = query.where(tuple_(*key) > tuple_(*(literal(v, c.type) for v, c in zip(last, key, strict=True))))
    batch: list[Row[Any]] = []
    size = 0
    for row in reading.execute(query, execution_options={"yield_per": 100}):
        batch.append(row)
        size += size_of(row)
        if len(batch) >= ROWS_AT_ONCE or size >= CHARACTERS_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _inserting(table: Table) -> Insert:
    """An insert that takes None as SQL's NULL for JSON as well, where a column may be NULL."""
    absent = {
        column.key: bindparam(column.key, type_=JSON(none_as_null=True))
        for column in table.columns
        if isinstance(column.type, JSON) and column.nullable
    }
    return insert(table).values(absent) if absent else insert(table)


def _values(table: Table, row: Row[Any]) -> dict[str, Any]:
    return {column.key: row._mapping[column] for column in table.columns}


def _unfit(table: Table, batch: Sequence[Row[Any]], error: InvalidInput) -> str:
    row = next((row for row in batch if not _fits(row)), batch[0])
    key = ", ".join(str(row._mapping[column]) for column in table.primary_key)
    return UNFIT.format(key=key, table=table.name, error=error)


def _fits(row: Row[Any]) -> bool:
    try:
        for value in row:
            if isinstance(value, str):
                checked(value)
    except InvalidInput:
        return False
    return True


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _compared(reading: Connection, target: Engines, tell: Tell) -> list[Copied] | str:
    """Every table with what both sides hold; the name of the first one in which they differ."""
    done = []
    with target.read.begin() as theirs:
        for table in metadata.sorted_tables:
            total = _count(reading, table)
            tell(Step("checking", table.name, 0, total))
            if _count(theirs, table) != total or content_of(theirs, table) != (mine := content_of(reading, table)):
                return table.name
            done.append(Copied(table.name, mine))
    return done
