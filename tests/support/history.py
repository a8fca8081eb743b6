"""What a database keeps, read past Parley."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def rows(home: Path, statement: str, *values: str) -> list[tuple[str, ...]]:
    """The rows that a query of the data folder's database gives."""
    with closing(sqlite3.connect(home / "parley.db")) as connection:
        return connection.execute(statement, values).fetchall()


def history(home: Path, conversation: str) -> list[tuple[str, ...]]:
    """The messages of a conversation, oldest first, as (role, text)."""
    return rows(home, "SELECT role, text FROM messages WHERE conversation_id = ? ORDER BY id", conversation)


def turn_states(home: Path) -> list[str]:
    """The state of each turn, oldest first."""
    return [state for (state,) in rows(home, "SELECT state FROM turns ORDER BY id")]
