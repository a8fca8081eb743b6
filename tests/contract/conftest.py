"""The implementations that the contracts run over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.ports import Storage
from bot.storage.memory import MemoryStorage


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """Storage in SQLite, in a real PostgreSQL, and in memory."""
    if request.param == "memory":
        made: Storage = MemoryStorage()
    else:
        from bot.storage.sql import SqlStorage

        url = "database_url" if request.param == "sqlite" else "postgres_url"
        made = SqlStorage(request.getfixturevalue(url))
    yield made
    made.close()
