"""Whether an SQLite file is whole, by SQLite's own check of every page. Reads all of it, so no start waits for it."""

from __future__ import annotations

from bot.storage.engine import is_sqlite, open_engines, parse
from bot.storage.errors import translate_errors
from bot.storage.revisions import absent

_HEADING = "*** in database main ***"


def damage(url: str) -> str | None:
    """The first thing that is wrong with the file, in SQLite's words, which name pages and tables and no content; None
    if nothing is, for a file that is not there, and for PostgreSQL, which checks its own pages. Raises StorageError.

    Others may write meanwhile: the check reads one consistent state.
    """
    if absent(url) or not is_sqlite(parse(url)):
        return None
    engines = open_engines(url)
    try:
        with translate_errors(engines.where), engines.read.connect() as connection:
            found = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
    finally:
        engines.dispose()
    return None if found == "ok" else " ".join(found.removeprefix(_HEADING).split())
