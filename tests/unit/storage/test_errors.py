"""The database's errors: real ones become sentences, and every code has one."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import OperationalError

from bot.domain import Channel
from bot.errors import StorageError
from bot.storage import engine as engines
from bot.storage import errors
from bot.storage.errors import OTHER, for_sqlite, for_sqlstate, translate_errors
from bot.storage.sql import SqlStorage
from bot.storage.tables import conversations, turns

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def path(database_url: str) -> Path:
    return Path(database_url.removeprefix("sqlite:///"))


@pytest.fixture
def storage(database_url: str) -> Iterator[SqlStorage]:
    storage = SqlStorage(database_url)
    yield storage
    storage.close()


def write(storage: SqlStorage, title: str = "console:default") -> None:
    asyncio.run(storage.run(lambda work: work.conversations.ensure(title, Channel.CONSOLE, NOW)))


def failing(storage: SqlStorage) -> str:
    with pytest.raises(StorageError) as caught:
        write(storage, "what a person wrote")
    assert "what a person wrote" not in str(caught.value)
    assert "INSERT" not in str(caught.value)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_a_database_that_another_program_holds(path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.05)
    storage = SqlStorage(database_url)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "is busy" in failing(storage)
        assert asyncio.run(storage.read(lambda work: work.conversations.recent())) == []  # reading goes on
        other.execute("ROLLBACK")
    write(storage)
    storage.close()


def test_a_full_disk_keeps_what_is_stored(storage: SqlStorage) -> None:
    write(storage)
    with storage._engines.write.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError, match="is full"):
        write(storage, "x" * 100_000)
    assert len(asyncio.run(storage.read(lambda work: work.conversations.recent()))) == 1


@pytest.mark.parametrize(("free", "said"), [(0, "is full"), (10_000_000, "cannot be opened")])
def test_a_log_that_cannot_be_made_is_told_by_the_room_on_the_disk(
    path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, free: int, said: str
) -> None:
    monkeypatch.setattr(errors, "free_bytes", lambda _: free)
    path.with_name(path.name + "-wal").mkdir()
    storage = SqlStorage(database_url)
    assert said in failing(storage)
    storage.close()


@pytest.mark.parametrize(("free", "said"), [(0, "is full"), (10_000_000, "failed to read or write")])
def test_a_failed_write_is_told_by_the_room_on_the_disk(
    path: Path, monkeypatch: pytest.MonkeyPatch, free: int, said: str
) -> None:
    monkeypatch.setattr(errors, "free_bytes", lambda _: free)
    broken = sqlite3.OperationalError("disk I/O error")
    broken.sqlite_errorname = "SQLITE_IOERR_SHMSIZE"
    with pytest.raises(StorageError, match=said), translate_errors(str(path)):
        raise OperationalError("INSERT", {}, broken)


def test_what_is_free_is_unknown_without_a_disk(tmp_path: Path) -> None:
    assert errors.free_bytes("/nowhere/parley.db") == float("inf")
    assert 0 < errors.free_bytes(str(tmp_path / "parley.db")) < float("inf")


def test_a_database_that_may_only_be_read(path: Path) -> None:
    storage = SqlStorage(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert asyncio.run(storage.read(lambda work: work.conversations.recent())) == []
    assert "cannot be written" in failing(storage)
    storage.close()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "parley.db"
    path.write_bytes(b"Dear diary, " * 500)
    storage = SqlStorage(f"sqlite:///{path}")
    assert "damaged or no database" in failing(storage)
    storage.close()


def test_a_database_without_tables(tmp_path: Path) -> None:
    storage = SqlStorage(f"sqlite:///{tmp_path / 'parley.db'}")
    assert "parley db upgrade" in failing(storage)
    storage.close()


def test_a_file_that_went_away(storage: SqlStorage, tmp_path: Path) -> None:
    gone = SqlStorage(f"sqlite:///file:{tmp_path / 'none.db'}?mode=ro&uri=true")
    assert "cannot be opened" in failing(gone)
    gone.close()


def test_a_row_that_does_not_fit(storage: SqlStorage) -> None:
    row = {"id": "x", "channel": "carrier pigeon", "created_at": NOW, "updated_at": NOW, "title": "", "messages": 0}
    with (
        pytest.raises(StorageError, match="does not fit"),
        translate_errors("here"),
        storage._engines.write.begin() as connection,
    ):
        connection.execute(insert(conversations), row)


def test_a_moment_without_a_time_zone_is_a_mistake_of_the_caller(storage: SqlStorage) -> None:
    naive = datetime(2026, 11, 23)
    with pytest.raises(ValueError, match="time zone"):
        asyncio.run(storage.run(lambda work: work.conversations.ensure("x", Channel.WEB, naive)))


@pytest.mark.parametrize("name", sorted(name for name in dir(sqlite3) if name.startswith("SQLITE_BUSY")))
def test_extended_codes_are_read_by_their_beginning(name: str) -> None:
    assert "busy" in for_sqlite(name)


# All of SQLite's primary result codes, but for those of success and of the program's own mistakes.
FAULTS = [
    *("ABORT", "AUTH", "BUSY", "CANTOPEN", "CONSTRAINT", "CORRUPT", "FORMAT", "FULL", "INTERRUPT", "IOERR", "LOCKED"),
    *("MISMATCH", "NOLFS", "NOMEM", "NOTADB", "PERM", "PROTOCOL", "READONLY", "TOOBIG"),
]
NOTHING_TO_DO = {"ABORT", "INTERRUPT", "NOMEM"}


@pytest.mark.parametrize("code", FAULTS)
def test_every_fault_of_sqlite_has_a_sentence(code: str) -> None:
    assert hasattr(sqlite3, f"SQLITE_{code}")
    assert (for_sqlite(f"SQLITE_{code}") is OTHER) == (code in NOTHING_TO_DO)
    assert (for_sqlite(f"SQLITE_{code}_EXTENDED") is OTHER) == (code in NOTHING_TO_DO)


def test_faults_of_postgresql_have_sentences() -> None:
    for state in ("42P01", "53100", "25006", "55P03", "40001", "23505", "08006", "28P01", "3D000", "57P01", "53300"):
        assert for_sqlstate(state) is not OTHER
    assert for_sqlstate("XX000") is OTHER


def test_passwords_stay_out_of_what_a_database_is_called() -> None:
    url = engines.parse("postgresql+psycopg://me:hunter2@db/parley")
    assert "hunter2" not in engines.where_of(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "no url"])
def test_urls_that_cannot_be_meant(url: str) -> None:
    with pytest.raises(StorageError, match="database_url"):
        SqlStorage(url)


def test_writing_reaches_the_disk_and_foreign_keys_hold(storage: SqlStorage) -> None:
    with storage._engines.write.begin() as connection:
        pragmas = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in _PRAGMAS]
    assert pragmas == list(_PRAGMAS.values())


_PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_the_last_messages_are_found_by_an_index(storage: SqlStorage) -> None:
    query = "SELECT * FROM messages WHERE conversation_id = 'x' ORDER BY id DESC LIMIT 20"
    with storage._engines.read.begin() as connection:
        plan = " ".join(row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}")))
    assert "USING INDEX ix_messages_conversation_id_id" in plan
    assert "TEMP B-TREE" not in plan


def test_unfinished_turns_are_found_by_an_index(storage: SqlStorage) -> None:
    query = turns.select().where(turns.c.state.in_(["accepted", "working"]))
    with storage._engines.read.begin() as connection:
        compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = " ".join(row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}")))
    assert "ix_turns_state_id" in plan
