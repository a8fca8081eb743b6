"""The one door at which the database's errors become Parley's. Statements and values never get into an error's text."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError, StatementError, TimeoutError

from bot.errors import ParleyError, StorageError

BUSY = "The database {where} is busy: another program is writing to it. Try again, or stop the other Parley."
FULL = "The disk with the database {where} is full. Free some space and try again; nothing stored is lost."
DENIED = "The database {where} cannot be written. Check that its file and folder belong to you, or set PARLEY_HOME."
READ_ONLY = "The database {where} cannot be written. Give its user the right to, or name the server that takes writes."
MISSING = "The database {where} cannot be opened. Check that its folder exists and is yours, or set PARLEY_HOME."
BROKEN = "The database {where} is damaged or no database. Put a backup in its place, or move it away to start anew."
DISK = "The disk with the database {where} failed to read or write. Check the disk; keep databases off network drives."
UNREADY = "The database {where} lacks a table that Parley needs. Run `parley db upgrade`."
UNFIT = "The database {where} refused a change that does not fit what is stored. Nothing was changed; try again."
TOO_BIG = "The text is too large for the database {where}. Make it shorter."
UNREACHABLE = "The database {where} cannot be reached. Check that its server runs and that database_url is right."
REFUSED = "The database {where} refused the user or the password. Correct database_url, or set PGPASSWORD."
NO_SUCH = "The database {where} is not there. Create it on its server (createdb), or correct database_url."
CROWDED = "The database {where} takes no more connections. Stop what else uses it, or raise its max_connections."
ENCODING = "The database {where} does not keep its text in UTF-8. Create one with ENCODING 'UTF8' and name that."
OTHER = "The database {where} failed ({code}). Run `parley doctor`; nothing of the last step was kept."

# By SQLite's primary result code; an extended one begins with it (https://www.sqlite.org/rescode.html).
_SQLITE = {
    "SQLITE_BUSY": BUSY,
    "SQLITE_LOCKED": BUSY,
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY": DENIED,
    "SQLITE_PERM": DENIED,
    "SQLITE_AUTH": DENIED,
    "SQLITE_CANTOPEN": MISSING,
    "SQLITE_CORRUPT": BROKEN,
    "SQLITE_NOTADB": BROKEN,
    "SQLITE_FORMAT": BROKEN,
    "SQLITE_IOERR": DISK,
    "SQLITE_PROTOCOL": DISK,  # locks that contradict each other: a network drive
    "SQLITE_NOLFS": DISK,
    "SQLITE_CONSTRAINT": UNFIT,
    "SQLITE_MISMATCH": UNFIT,
    "SQLITE_TOOBIG": TOO_BIG,
}

# What SQLite also says where no room is left: it cannot tell why a file does not grow, or why none can be made.
_PERHAPS_FULL = frozenset({DISK, MISSING})
ROOM = 65_536  # bytes that a change needs at least: a page of the log, and the log's index, which grows by 32 KiB

# By the beginning of PostgreSQL's SQLSTATE; the first that fits counts.
_SQLSTATE = {
    "42P01": UNREADY,
    "42703": UNREADY,
    "53100": FULL,
    "25006": READ_ONLY,
    "42501": READ_ONLY,
    "55P03": BUSY,
    "40": BUSY,
    "53300": CROWDED,
    "53": BUSY,
    "54": TOO_BIG,  # an index takes keys of 2,700 bytes
    "22021": ENCODING,
    "22P05": ENCODING,
    "23": UNFIT,
    "08": UNREACHABLE,
    "28": REFUSED,
    "3D": NO_SUCH,
    "57P": UNREACHABLE,
}

# libpq keeps no SQLSTATE of a connection that did not come about, so what the server said tells; a server that speaks
# another language than English is told as one that cannot be reached.
_NOT_CONNECTED = {
    "password authentication failed": REFUSED,
    "no password supplied": REFUSED,
    "authentication failed": REFUSED,
    "no pg_hba.conf entry": REFUSED,
    "permission denied for database": REFUSED,
    "too many connections": CROWDED,
    "too many clients": CROWDED,
    "connection slots are reserved": CROWDED,
    'role "': REFUSED,
    'database "': NO_SUCH,
}


@contextmanager
def translate_errors(where: str) -> Iterator[None]:
    """Raise StorageError, with what to do, for whatever the database raises; `where` names it without a password."""
    try:
        yield
    except StatementError as error:
        if isinstance(error.orig, ParleyError):  # a column type refused the value
            raise error.orig from None
        if not isinstance(error, DBAPIError):
            raise error.orig or error from None
        raise _storage_error(error, where) from None  # the chain would carry the statement
    except TimeoutError:
        raise StorageError(BUSY.format(where=where)) from None
    except SQLAlchemyError as error:
        raise StorageError(OTHER.format(where=where, code=type(error).__name__)) from None


def broken_off(error: BaseException) -> bool:
    """Whether PostgreSQL undid a transaction only because of another one at the same time."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in {"40001", "40P01"}


def _storage_error(error: DBAPIError, where: str) -> StorageError:
    sentence, code = _sentence(error)
    if sentence in _PERHAPS_FULL and free_bytes(where) < ROOM:
        sentence = FULL
    return StorageError(sentence.format(where=where, code=code))


def free_bytes(path: str) -> float:
    """What is free on the disk with the file; infinite where that is not known."""
    try:
        disk = shutil.disk_usage(Path(path).parent)
    except OSError:
        return float("inf")
    return disk.free if disk.total else float("inf")


def _sentence(error: DBAPIError) -> tuple[str, str]:
    sqlite_name = getattr(error.orig, "sqlite_errorname", None)
    if sqlite_name:
        return for_sqlite(sqlite_name, str(error.orig)), sqlite_name
    state = getattr(error.orig, "sqlstate", None)
    if state:
        return for_sqlstate(state), state
    if isinstance(error, IntegrityError):
        return UNFIT, "integrity"
    if error.connection_invalidated or _never_connected(error):
        return _for_connecting(str(error.orig)), type(error).__name__
    return OTHER, type(error).__name__


def for_sqlite(name: str, message: str = "") -> str:
    """The sentence for a result code of SQLite such as SQLITE_BUSY_SNAPSHOT."""
    if message.startswith(("no such table", "no such column")):
        return UNREADY
    primary = "_".join(name.split("_")[:2])
    return _SQLITE.get(primary, OTHER)


def for_sqlstate(state: str) -> str:
    """The sentence for a SQLSTATE of PostgreSQL."""
    return next((sentence for start, sentence in _SQLSTATE.items() if state.startswith(start)), OTHER)


def _for_connecting(said: str) -> str:
    # After FATAL stands the server's own sentence; before it the names of hosts, users and databases.
    reason = said.partition("FATAL:")[2]
    return next((sentence for words, sentence in _NOT_CONNECTED.items() if words in reason), UNREACHABLE)


def _never_connected(error: DBAPIError) -> bool:
    return error.statement is None and type(error.orig).__name__ == "OperationalError"
