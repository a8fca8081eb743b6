"""Whether a database can search vectors itself: PostgreSQL with the extension pgvector."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from bot.extras import install

EXTENSION = "vector"
PREPARING = 0x766563746F72  # "vector": any number would do that all processes share
OLDEST = (0, 8)  # the first that searches on until enough is found

NO_LIBRARY = "the library {module} is not installed"
GET_LIBRARY = install("postgres")
NOT_INSTALLED = "the database's server has no pgvector"
INSTALL = "Install it there (package postgresql-NN-pgvector, or the image pgvector/pgvector), then restart Parley."
REFUSED = "this user may not switch pgvector on in the database"
SWITCH_ON = "Have a superuser run in that database: CREATE EXTENSION vector; then restart Parley."
TOO_OLD = "pgvector {version} is too old"
RENEW = "Install pgvector 0.8 or later on the server, run there: ALTER EXTENSION vector UPDATE; then restart Parley."


@dataclass(frozen=True, slots=True)
class Support:
    """`why_not` is empty where the database searches vectors itself; else `advice` says what to do about it."""

    version: str = ""
    why_not: str = ""
    advice: str = ""


def prepare(connection: Connection) -> Support:
    """Switch the extension on and make the table, where that is still to be done and allowed."""
    query = text("SELECT default_version, installed_version FROM pg_available_extensions WHERE name = :name")
    extension = connection.execute(query, {"name": EXTENSION}).first()
    if extension is None:
        return Support(why_not=NOT_INSTALLED, advice=INSTALL)
    version = extension.installed_version or extension.default_version
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        return Support(version, TOO_OLD.format(version=version), RENEW)
    try:
        from bot.storage.vector_tables import indexed_vectors
    except ModuleNotFoundError as error:
        return Support(version, NO_LIBRARY.format(module=error.name), GET_LIBRARY)
    try:
        with connection.begin_nested():
            if extension.installed_version is None or not is_prepared(connection):
                connection.execute(text(f"SELECT pg_advisory_xact_lock({PREPARING})"))  # one process after the other
                connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
                indexed_vectors.create(connection, checkfirst=True)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":  # insufficient_privilege
            raise
        return Support(version, REFUSED, SWITCH_ON)
    return Support(version)


def is_prepared(connection: Connection) -> bool:
    """Whether vectors are kept in the extension's type as well."""
    if connection.dialect.name != "postgresql":
        return False
    found: bool = connection.execute(text("SELECT to_regclass('indexed_vectors') IS NOT NULL")).scalar_one()
    return found
