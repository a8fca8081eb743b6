"""The revisions on a real PostgreSQL: the tables are those that the code says, and nothing else is touched."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine

from bot.errors import StorageError
from bot.storage import migrate
from bot.storage.tables import metadata
from bot.storage.vector_support import prepare
from bot.storage.vector_tables import vector_metadata
from tests.support.postgres import Postgres

COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name
    FROM information_schema.columns WHERE table_schema = 'public'
"""
CONSTRAINTS = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""
INDEXES = "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"


@pytest.fixture
def engine(blank_postgres_url: str) -> Iterator[Engine]:
    engine = create_engine(blank_postgres_url)
    yield engine
    engine.dispose()


def schema(engine: Engine) -> set[tuple[Any, ...]]:
    """All columns, constraints and indexes, in no order."""
    with engine.connect() as connection:
        found = [tuple(row) for query in (COLUMNS, CONSTRAINTS, INDEXES) for row in connection.exec_driver_sql(query)]
    return {row for row in found if row[0] != "alembic_version"}


def test_the_revisions_give_what_the_tables_say(blank_postgres_url: str, engine: Engine, postgres: Postgres) -> None:
    assert migrate.current(blank_postgres_url) is None
    assert migrate.upgrade(blank_postgres_url) is None
    assert migrate.check(blank_postgres_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, [metadata, vector_metadata]) == []  # type: ignore[arg-type]
    with postgres.database() as name:
        blank = create_engine(postgres.url_of(name))
        metadata.create_all(blank)
        with blank.begin() as connection:
            assert prepare(connection).why_not == ""
        assert schema(engine) == schema(blank)
        blank.dispose()


def test_down_to_nothing_and_up_again(blank_postgres_url: str, engine: Engine) -> None:
    migrate.upgrade(blank_postgres_url)
    full = schema(engine)
    assert len(full) > 150
    migrate.downgrade(blank_postgres_url, "base")
    assert schema(engine) == set()
    migrate.upgrade(blank_postgres_url)
    assert schema(engine) == full


def test_two_that_upgrade_at_once_both_succeed(blank_postgres_url: str) -> None:
    ready = threading.Barrier(2)

    def upgrade(_: int) -> None:
        ready.wait(10)
        migrate.upgrade(blank_postgres_url)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(upgrade, range(2)))
    assert migrate.check(blank_postgres_url)


def test_a_revision_that_fails_is_undone_whole(
    blank_postgres_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = command.upgrade

    def failing(*arguments: Any) -> None:
        original(*arguments)
        raise StorageError("the power failed")

    monkeypatch.setattr(command, "upgrade", failing)
    with pytest.raises(StorageError, match="the power failed"):
        migrate.upgrade(blank_postgres_url)
    assert schema(engine) == set()


def test_another_programs_database_is_refused_and_left_alone(blank_postgres_url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE users (name TEXT)")
    before = schema(engine)
    with pytest.raises(StorageError, match="another program's tables"):
        migrate.upgrade(blank_postgres_url)
    assert schema(engine) == before


def test_a_table_in_use_is_told_after_a_while(
    blank_postgres_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate.upgrade(blank_postgres_url, "0001")
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "50ms")
    with engine.begin() as other:
        other.exec_driver_sql("SELECT * FROM turns")
        with pytest.raises(StorageError, match="is busy"):
            migrate.upgrade(blank_postgres_url)
    assert migrate.current(blank_postgres_url) == "0001"
    migrate.upgrade(blank_postgres_url)
    assert migrate.check(blank_postgres_url)


def test_a_database_in_another_encoding_is_refused(postgres: Postgres) -> None:
    name = postgres.name()
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    try:
        with pytest.raises(StorageError, match="UTF-8"):
            migrate.upgrade(postgres.url_of(name))
    finally:
        postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")
