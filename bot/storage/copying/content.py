"""What a table holds, as a count and a digest that are equal for equal rows in whatever database."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Connection, Row, Table, select


@dataclass(frozen=True, slots=True)
class Content:
    """The digest is over all values by their columns' names, row by row in the order of the primary key."""

    rows: int
    sha256: str


def content_of(connection: Connection, table: Table) -> Content:
    """Reads the whole table."""
    columns = sorted(table.columns, key=lambda column: column.name)
    as_json = [isinstance(column.type, JSON) for column in columns]
    query = select(*columns).order_by(*table.primary_key)
    digest, count = hashlib.sha256(), 0
    for row in connection.execute(query, execution_options={"yield_per": 500}):
        count += 1
        for value, is_json in zip(row, as_json, strict=True):
            said = _as_bytes(value, is_json)
            digest.update(b"%d:" % len(said))  # so that no two rows run into each other
            digest.update(said)
    return Content(count, digest.hexdigest())


def size_of(row: Row[Any]) -> int:
    """About how many characters a row holds."""
    return sum(len(value) if isinstance(value, str | bytes) else 8 for value in row)


def _as_bytes(value: Any, is_json: bool) -> bytes:
    if value is None:
        return b"n"
    if is_json:
        return b"j" + json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
    if isinstance(value, str):
        return b"s" + value.encode()
    if isinstance(value, bytes):
        return b"b" + value
    if isinstance(value, datetime):
        return b"d" + value.isoformat().encode()
    return b"v" + repr(value).encode()  # bool, int, float: Python's own exact form
