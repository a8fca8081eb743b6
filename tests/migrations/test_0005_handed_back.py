"""Revision 0005: attempts made before count as they did, and on the way back those that were excused are taken off."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from bot.ports import UnitOfWork
from bot.storage import migrate
from bot.storage.sql import SqlStorage
from tests.support.storage import NOW, accepted

PERSON = "INSERT INTO users VALUES (7, 'telegram', '42', 'Ann')"
TALK = """
    INSERT INTO conversations (id, channel, created_at, updated_at, title, messages)
    VALUES ('telegram:42', 'telegram', '2026-11-23 12:00:00', '2026-11-23 12:00:00', 'Hi', 1)
"""
TURN = """
    INSERT INTO turns
        (id, channel, bot, update_id, conversation_id, user_id, text, state, reason, received_at, attempts)
    VALUES (3, 'telegram', 'b', 'u3', 'telegram:42', 7, 'Hi', 'working', '', '2026-11-23 12:00:00', 4)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of revision 0004 with a turn that was taken up four times."""
    sqlite = request.param == "sqlite"
    url: str = f"sqlite:///{tmp_path / 'parley.db'}" if sqlite else request.getfixturevalue("blank_postgres_url")
    migrate.upgrade(url, "0004")
    execute(url, PERSON, TALK, TURN)
    return url


def execute(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    engine = create_engine(url)
    with engine.begin() as connection:
        found = [tuple(row) for row in connection.exec_driver_sql(query)]
    engine.dispose()
    return found


def test_attempts_count_as_before_and_what_is_handed_back_does_not(url: str) -> None:
    migrate.upgrade(url)
    storage = SqlStorage(url)

    def work(work: UnitOfWork) -> tuple[int, int, int]:
        known = work.turns.get(3)
        assert known is not None
        before = known.tries
        taken = work.deliveries.take_up(3, NOW)
        assert taken is not None
        work.deliveries.handed_back(3, taken.attempts)
        after = work.turns.get(3)
        assert after is not None
        return before, after.attempts, after.tries

    assert asyncio.run(storage.run(work)) == (4, 5, 4)
    storage.close()
    migrate.downgrade(url, "0004")
    assert rows(url, "SELECT id, text, attempts FROM turns") == [(3, "Hi", 4)]
    assert "excused" not in rows(url, "SELECT * FROM turns")[0]


def test_the_id_of_a_turn_forgotten_before_is_not_given_again(url: str) -> None:
    if "sqlite" not in url:
        pytest.skip("PostgreSQL changes the table in place")
    execute(url, "UPDATE sqlite_sequence SET seq = 9 WHERE name = 'turns'")
    for step in (migrate.upgrade, lambda url: migrate.downgrade(url, "0004"), migrate.upgrade):
        step(url)
    storage = SqlStorage(url)
    assert asyncio.run(storage.run(lambda work: accepted(work, "new").id)) == 10
    storage.close()
