"""Where a database stands, without Alembic: the start reads one row, and loads it only where there is work to do."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, inspect

import migrations
from bot.errors import StorageError
from bot.storage.engine import open_for_migration, parse, sqlite_path, where_of
from bot.storage.errors import translate_errors

T = TypeVar("T")

TABLE = "alembic_version"
COPYING = "copy_progress"  # there as long as a copy into the database is under way: see bot.storage.copying
UNFINISHED = "The copy into the database {where} is not finished. Run `parley db copy` again; it goes on where it was."


def head() -> str:
    """The newest revision that this Parley knows: the one that no other stands on."""
    (newest,) = known().keys() - known().values()
    return newest


@cache
def known() -> dict[str, str | None]:
    """Each revision that this Parley knows with the one before it, read from the files without running them."""
    files = (Path(migrations.__file__).parent / "versions").glob("[!_]*.py")
    pairs = (_assigned(ast.parse(file.read_text("utf-8"))) for file in files)
    return {values["revision"]: values["down_revision"] for values in pairs}


def _assigned(module: ast.Module) -> dict[str, Any]:
    """The plain values that a file assigns to `revision` and `down_revision`."""
    found: dict[str, Any] = {}
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in {"revision", "down_revision"}:
                found[name] = ast.literal_eval(node.value)
    return found


def current(url: str) -> str | None:
    """The database's revision, or None if it is empty. An SQLite file that is not there stays so."""
    return None if absent(url) else with_connection(url, stored)


def check(url: str) -> bool:
    """Whether the database is at the newest revision; False if `migrate.upgrade` has to be run.

    Raises StorageError if it was made by a newer Parley, or holds another program's tables.
    """
    if absent(url):
        return False
    return with_connection(url, lambda connection: checked(connection, where_of(parse(url)))) == head()


def absent(url: str) -> bool:
    """Whether the URL names an SQLite file that is not there."""
    path = sqlite_path(parse(url))
    return path is not None and not path.exists()


def with_connection(url: str, work: Callable[[Connection], T]) -> T:
    """Do the work in one transaction of an engine of its own. Raises StorageError."""
    with translate_errors(where_of(parse(url))):
        engine = open_for_migration(url)
        try:
            with engine.begin() as connection:
                return work(connection)
        finally:
            engine.dispose()


def stored(connection: Connection) -> str | None:
    """The revision that the database says it has; None where it says nothing."""
    if not inspect(connection).has_table(TABLE):
        return None
    revision = connection.exec_driver_sql(f"SELECT version_num FROM {TABLE}").scalar()  # noqa: S608 - a constant
    return None if revision is None else str(revision)


def checked(connection: Connection, where: str) -> str | None:
    """The same, but a newer Parley's database, another program's and half a copy are refused with StorageError."""
    revision = stored(connection)
    if inspect(connection).has_table(COPYING):
        raise StorageError(UNFINISHED.format(where=where))
    if revision is None:
        if set(inspect(connection).get_table_names()) - {TABLE}:
            raise StorageError(f"The database {where} holds another program's tables; name another in database_url.")
        return None
    if revision not in known():
        raise StorageError(
            f"The database {where} was made by a newer Parley (revision {revision}; this one knows {head()}). "
            "Upgrade Parley, or put the backup beside it in its place."
        )
    return revision
