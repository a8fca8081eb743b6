"""Brings a database to the revision that this Parley needs: Alembic, in process.

A revision runs in one transaction, on SQLite too: it is applied whole or not at all. Before a revision changes an
SQLite database that holds something, a copy of the file is put beside it.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import migrations
from bot.errors import StorageError
from bot.storage.engine import parse, sqlite_path, where_of
from bot.storage.errors import ENCODING
from bot.storage.revisions import absent, check, checked, current, head, with_connection

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

MIGRATING = 0x7061726C6579  # "parley": any number would do that all of its processes share
LOCK_TIMEOUT = "10s"

log = logging.getLogger(__name__)

__all__ = ["check", "current", "downgrade", "head", "upgrade"]


def upgrade(url: str, revision: str = "head") -> Path | None:
    """Apply the missing revisions. Gives the copy that was made of the file before, if one was. Raises StorageError."""
    if not absent(url) and check(url) and revision == "head":
        return None
    from alembic import command  # half a second, and hardly a start needs it

    before = current(url)
    copy = _back_up(url, before) if before else None
    _run(url, command.upgrade, revision)
    log.info("database upgraded from revision %s to %s", before, revision)
    return copy


def downgrade(url: str, revision: str) -> Path | None:
    """Go back to a revision (`base`: to nothing). Gives the copy that was made of the file. Raises StorageError."""
    from alembic import command

    check(url)
    before = current(url)
    copy = _back_up(url, before) if before else None
    _run(url, command.downgrade, revision)
    log.info("database downgraded from revision %s to %s", before, revision)
    return copy


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _run(url: str, action: Callable[[Config, str], None], revision: str) -> None:
    where = where_of(parse(url))

    def work(connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            _queue(connection, where)
        # Checked again under the lock: another process may have been at it meanwhile.
        checked(connection, where)
        action(_config(connection), revision)
        if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise StorageError(f"The database {where} holds rows without their parents; put a backup in its place.")

    with_connection(url, work)


def _queue(connection: Connection, where: str) -> None:
    """Hold PostgreSQL's lock for migrations until the transaction ends. Raises StorageError for another encoding."""
    if connection.exec_driver_sql("SHOW server_encoding").scalar() != "UTF8":
        raise StorageError(ENCODING.format(where=where))
    # A table in use is reported after a while, rather than everyone waiting behind the migration.
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATING})")


def _back_up(url: str, revision: str) -> Path | None:
    """Copy an SQLite database, with what still lies in its write-ahead log, to `<name>.<revision>.<time>.backup`."""
    path = sqlite_path(parse(url))
    if path is None:
        return None
    copy = path.with_name(f"{path.name}.{revision}.{datetime.now(UTC):%Y%m%dT%H%M%S%f}.backup")
    try:
        copy.touch(mode=0o600)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except (OSError, sqlite3.Error) as error:
        copy.unlink(missing_ok=True)
        raise StorageError(
            f"No copy of {path} could be made before the upgrade ({type(error).__name__}). Free some space, try again."
        ) from None
    return copy
