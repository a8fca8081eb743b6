"""Opens the database: one engine that writes and one that reads.

SQLite runs in WAL mode, so reading never waits for writing. All writing of this process goes through one connection,
which begins each transaction with the write lock (BEGIN IMMEDIATE): writers queue instead of failing, and what a
transaction has read is still true when it writes. `synchronous` is FULL: a commit has reached the disk, because a turn
that was accepted must survive a loss of power. (NORMAL would be faster and could lose the last commits.)

PostgreSQL has one pool for both. What only reads sees one consistent state and cannot write, as on SQLite; writers wait
for the rows that others are changing, and are asked anew whether their connection still stands before each use, so that
a restart of the server costs nobody a turn.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from bot.errors import StorageError
from bot.extras import install
from bot.storage.details import to_json
from bot.storage.errors import FULL

BUSY_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 10
READERS = 4
NO_DRIVER = f"PostgreSQL needs its driver, and {{module}} is not installed. {install('postgres')}"
NO_DATABASE = "Parley does not know {name}; begin database_url with sqlite:// or postgresql+psycopg://."
WRITERS = 8  # on PostgreSQL, where they need not queue


@dataclass(frozen=True, slots=True)
class Engines:
    """`read` only reads, in one consistent state. `where` names the database, without a password."""

    write: Engine
    read: Engine
    where: str
    writers: int  # how many threads may write at once

    def dispose(self) -> None:
        self.read.dispose()
        self.write.dispose()


def open_engines(url: str) -> Engines:
    """Engines for a URL of SQLite or PostgreSQL; makes an SQLite file's folder. Raises StorageError."""
    parsed = parse(url)
    if not is_sqlite(parsed):
        engine = _postgresql(parsed, pool_size=WRITERS, max_overflow=READERS + 4, pool_timeout=60, pool_pre_ping=True)
        reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return Engines(engine, reading, where_of(parsed), writers=WRITERS)
    prepare_file(parsed)
    # One writing connection: its pool is the queue of this process's writers.
    write = _sqlite(parsed, "BEGIN IMMEDIATE", {"foreign_keys": "ON"}, pool_size=1, max_overflow=0, pool_timeout=60)
    read = _sqlite(parsed, "BEGIN", {"query_only": "ON"}, pool_size=READERS, max_overflow=16)
    return Engines(write, read, where_of(parsed), writers=1)


def open_for_migration(url: str) -> Engine:
    """An engine for changing tables. On SQLite foreign keys are off, or rebuilding a table would empty its children."""
    parsed = parse(url)
    if not is_sqlite(parsed):
        return _postgresql(parsed, poolclass=NullPool)
    prepare_file(parsed)
    return _sqlite(parsed, "BEGIN IMMEDIATE", {"foreign_keys": "OFF"}, poolclass=NullPool)


def parse(url: str) -> URL:
    """The URL's parts. Raises StorageError if it is none, or keeps data in memory alone."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StorageError("database_url is not a database URL; write it like sqlite:////srv/parley.db.") from None
    if is_sqlite(parsed) and parsed.database in (None, "", ":memory:"):
        raise StorageError("An SQLite database in memory keeps nothing; name a file in database_url.")
    return parsed


def plain_url(url: str) -> str:
    """The URL as PostgreSQL's own tools read it, with its password. Raises StorageError."""
    return parse(url).set(drivername="postgresql").render_as_string(hide_password=False)


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def where_of(url: URL) -> str:
    """What to call the database in an error: its path, or its URL without what may be secret."""
    if is_sqlite(url):
        return str(url.database)
    # Passwords may stand in the query as well; a folder with a socket has no other place.
    shown = {name: value for name, value in url.query.items() if name in {"host", "port"}}
    return url.set(password=None, query=shown).render_as_string().replace("%2F", "/")


def sqlite_path(url: URL) -> Path | None:
    """The file of an SQLite database, or None where there is no plain one."""
    database = url.database or ""
    return None if not is_sqlite(url) or database.startswith("file:") else Path(database)


def prepare_file(url: URL) -> None:
    """Make the folder, and the file readable for its owner alone: it will hold what people wrote."""
    path = sqlite_path(url)
    if path is None or path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageError(FULL.format(where=path)) from None
        raise StorageError(
            f"The database {path} cannot be created ({error.strerror}). Set PARLEY_HOME to a folder of yours."
        ) from None


def _common() -> dict[str, Any]:
    return {
        "hide_parameters": True,  # what people say stays out of errors and logs
        "json_serializer": to_json,
    }


def _postgresql(url: URL, **options: Any) -> Engine:
    """Raises StorageError where the driver is missing."""
    arguments: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT_S}
    try:
        engine = create_engine(url, connect_args=arguments, **_common(), **options)
    except ModuleNotFoundError as error:
        raise StorageError(NO_DRIVER.format(module=error.name)) from None
    except ArgumentError:
        raise StorageError(NO_DATABASE.format(name=url.drivername)) from None
    event.listen(engine, "connect", _limit_waiting)
    return engine


def _limit_waiting(connection: Any, _record: Any) -> None:
    """Nobody waits for ever for a row that another holds; the connection itself is left as it was."""
    connection.execute(f"SET lock_timeout = '{BUSY_TIMEOUT_S}s'")
    connection.commit()


def _sqlite(url: URL, begin: str, pragmas: dict[str, str], **options: Any) -> Engine:
    arguments = {"timeout": BUSY_TIMEOUT_S, "check_same_thread": False}
    engine = create_engine(url, connect_args=arguments, **_common(), **options)
    event.listen(engine, "connect", _on_connect(pragmas))
    # The driver's own idea of when to begin leaves reads outside of the transaction, so we begin ourselves.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _on_connect(pragmas: dict[str, str]) -> Callable[[Any, Any], None]:
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        # A database that may only be read cannot change its mode, and reads well without.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
        for name, value in {"synchronous": "FULL", **pragmas}.items():
            connection.execute(f"PRAGMA {name} = {value}")

    return connect
