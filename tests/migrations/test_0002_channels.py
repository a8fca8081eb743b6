"""Revision 0002: what was kept before it survives, on the way there and back, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, create_engine, text

from bot.domain import Channel, Citation, Delivery, Outcome, Reply, Role, Turn, TurnState, User
from bot.ports import UnitOfWork
from bot.storage import migrate
from bot.storage.sql import SqlStorage

T = TypeVar("T")

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MOMENT = "2026-11-23 12:00:00.000000"
BEFORE: dict[str, list[tuple[Any, ...]]] = {
    "users": [(7, "telegram", "42", "Ann")],
    "preferences": [(7, "zh", None, '{"tone":"暖"}')],
    "conversations": [("telegram:42", "telegram", MOMENT, MOMENT, "Hi", 3)],
    "turns": [
        (3, "telegram", "b", "u3", "telegram:42", 7, "Hi", "answered", "", MOMENT, MOMENT, MOMENT),
        (5, "telegram", "b", "u5", "telegram:42", 7, "And?", "working", "", MOMENT, MOMENT, None),
        (9, "telegram", "b", "u9", "telegram:42", 7, "gone", "failed", "", MOMENT, MOMENT, MOMENT),
    ],
    "messages": [
        (1, "telegram:42", 3, "user", "Hi", "", "", None, "{}", MOMENT),
        (2, "telegram:42", 3, "assistant", "Hello", "en", "chat", "generated", '{"notice":"n","model":"m"}', MOMENT),
        (4, "telegram:42", 5, "user", "And?", "", "", None, "{}", MOMENT),
    ],
    "citations": [(2, 0, "d", "D", "p", 0.5, "d#0", 0, 1, None)],
}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of revision 0001 with something in it, whose last turn was forgotten."""
    sqlite = request.param == "sqlite"
    url: str = f"sqlite:///{tmp_path / 'parley.db'}" if sqlite else request.getfixturevalue("blank_postgres_url")
    migrate.upgrade(url, "0001")
    with _connected(url) as connection:
        for table, rows in BEFORE.items():
            _insert(connection, table, rows)
        if not sqlite:  # as if the ids had come from there
            for table, rows in BEFORE.items():
                if table in ("users", "turns", "messages"):
                    connection.exec_driver_sql(f"SELECT setval('{table}_id_seq', {rows[-1][0]})")
        connection.exec_driver_sql("DELETE FROM turns WHERE id = 9")
    return url


def _insert(connection: Connection, table: str, rows: list[tuple[Any, ...]]) -> None:
    names = [f"v{number}" for number in range(len(rows[0]))]
    statement = text(f"INSERT INTO {table} VALUES ({', '.join(':' + name for name in names)})")
    connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL timezone TO 'UTC'")
        yield connection
    engine.dispose()


@pytest.fixture
def storage(url: str) -> Iterator[SqlStorage]:
    migrate.upgrade(url)
    storage = SqlStorage(url)
    yield storage
    storage.close()


def run(storage: SqlStorage, work: Callable[[UnitOfWork], T]) -> T:
    return asyncio.run(storage.run(work))


def dump(url: str) -> dict[str, list[tuple[Any, ...]]]:
    with _connected(url) as connection:
        tables = {table: connection.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1") for table in BEFORE}
        return {table: [tuple(row) for row in rows] for table, rows in tables.items()}


def test_turns_come_back_as_they_were_with_a_plain_origin(storage: SqlStorage) -> None:
    first = Turn(
        Channel.TELEGRAM, "telegram:42", 7, "Hi", "u3", NOW, "b", 3, TurnState.ANSWERED, delivery=Delivery.DELIVERED
    )
    assert run(storage, lambda work: work.turns.get(3)) == first
    assert [turn.id for turn in run(storage, lambda work: work.turns.unfinished())] == [5]


def test_history_replies_and_preferences_come_back(storage: SqlStorage) -> None:
    history = run(storage, lambda work: work.conversations.history("telegram:42", 9, 7))
    assert [(said.role, said.text) for said in history] == [
        (Role.USER, "Hi"),
        (Role.ASSISTANT, "Hello"),
        (Role.USER, "And?"),
    ]
    citation = Citation("d", "D", "p", 0.5, "d#0", 0, 1)
    reply = Reply("Hello", "chat", Outcome.GENERATED, "en", (citation,), notice="n", model="m")
    assert run(storage, lambda work: work.turns.reply(3)) == reply
    assert run(storage, lambda work: work.users.preferences(7)).values == {"tone": "暖"}
    assert run(storage, lambda work: work.users.get(7)) == User(Channel.TELEGRAM, "42", "Ann", 7)
    assert run(storage, lambda work: work.conversations.values("telegram:42")) == {}


def test_the_id_of_a_turn_forgotten_before_is_not_given_again(storage: SqlStorage) -> None:
    new = Turn(Channel.TELEGRAM, "telegram:42", 7, "new", "u10", NOW, "b")
    assert run(storage, lambda work: work.turns.accept(new))[0].id == 10


def test_turns_still_take_their_messages_with_them(storage: SqlStorage) -> None:
    assert run(storage, lambda work: work.conversations.forget("telegram:42")) == 3
    assert run(storage, lambda work: work.turns.get(3)) is None


def test_there_and_back_changes_nothing(url: str) -> None:
    before = dump(url)
    migrate.upgrade(url)
    migrate.downgrade(url, "0001")
    assert dump(url) == before


def test_what_the_older_parley_has_no_words_for_goes_on_the_way_back(url: str, storage: SqlStorage) -> None:
    def work(work: UnitOfWork) -> None:
        work.turns.replace(3, NOW)
        work.turns.finish(5, Reply("Say /ask.", "help", Outcome.SERVICE, "en"), NOW)
        work.parts.sent(5, 0, 0, "900", "abc")

    run(storage, work)
    storage.close()
    migrate.downgrade(url, "0001")
    left = dump(url)
    assert [row[0] for row in left["turns"]] == [5]
    assert [(row[4], row[7]) for row in left["messages"]] == [("And?", None), ("Say /ask.", "curated")]
    assert left["citations"] == []
    assert left["conversations"][0][5] == 2
