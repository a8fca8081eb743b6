"""The revisions: up, down, equal to the tables, and careful with what is stored."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine

import migrations
from bot.domain import Channel
from bot.errors import StorageError
from bot.storage import migrate, revisions
from bot.storage.sql import SqlStorage
from bot.storage.tables import metadata

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "parley.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


def schema(engine: Engine) -> dict[str, list[str]]:
    """Each table and index with the words of its definition, in no order: constraints may stand in any."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: sorted(re.findall(r"\w+", sql)) for name, sql in rows if name != "alembic_version"}


def test_an_empty_place_is_at_no_revision_and_is_left_alone(path: Path, url: str) -> None:
    assert migrate.current(url) is None
    assert migrate.check(url) is False
    assert not path.exists()


def test_upgrading_from_nothing_makes_the_file_its_owners_alone(path: Path, url: str) -> None:
    assert migrate.upgrade(url) is None
    assert migrate.current(url) == migrate.head()
    assert migrate.check(url) is True
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_revisions_give_what_the_tables_say(url: str, engine: Engine) -> None:
    migrate.upgrade(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    # The comparison above passes over checks and ON DELETE, so the definitions themselves are compared too.
    blank = create_engine("sqlite://")
    metadata.create_all(blank)
    assert schema(engine) == schema(blank)
    blank.dispose()


def test_down_to_nothing_and_up_again(url: str, engine: Engine) -> None:
    migrate.upgrade(url)
    full = schema(engine)
    migrate.downgrade(url, "base")
    assert migrate.current(url) is None
    assert set(schema(engine)) <= {"sqlite_sequence"}
    migrate.upgrade(url)
    assert schema(engine) == full


def test_upgrading_twice_changes_nothing_and_copies_nothing(path: Path, url: str) -> None:
    migrate.upgrade(url)
    before = path.read_bytes()
    assert migrate.upgrade(url) is None
    assert path.read_bytes() == before
    assert not list(path.parent.glob("*.backup"))


def test_a_change_of_a_database_leaves_a_copy_with_all_that_was_in_it(path: Path, url: str) -> None:
    migrate.upgrade(url)
    storage = SqlStorage(url)
    asyncio.run(storage.run(lambda work: work.conversations.ensure("console:default", Channel.CONSOLE, NOW)))
    copy = migrate.downgrade(url, "base")  # while the storage is open, so that the row is in the log alone
    storage.close()
    assert copy is not None
    assert copy.parent == path.parent
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT id FROM conversations").fetchall() == [("console:default",)]


def test_a_database_of_a_newer_parley_is_refused_and_left_alone(path: Path, url: str) -> None:
    migrate.upgrade(url)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for action in (migrate.check, migrate.upgrade, lambda url: migrate.downgrade(url, "base")):
        with pytest.raises(
            StorageError, match=rf"newer Parley \(revision 9999; this one knows {migrate.head()}\)\. Upgrade Parley"
        ):
            action(url)
    assert migrate.current(url) == "9999"


def test_another_programs_database_is_refused_and_left_alone(path: Path, url: str) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE users (name TEXT)")
    with pytest.raises(StorageError, match="another program's tables"):
        migrate.upgrade(url)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("users",)]


def test_a_revision_that_fails_is_undone_whole(url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    original = command.upgrade

    def failing(*arguments: Any) -> None:
        original(*arguments)
        raise StorageError("the power failed")

    monkeypatch.setattr(command, "upgrade", failing)
    with pytest.raises(StorageError, match="the power failed"):
        migrate.upgrade(url)
    assert schema(engine) == {}


def test_a_file_that_is_no_database(path: Path, url: str) -> None:
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 500)
    with pytest.raises(StorageError, match="damaged or no database"):
        migrate.upgrade(url)
    assert path.read_bytes().startswith(b"Dear diary")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be created"):
        migrate.upgrade(f"sqlite:///{tmp_path / 'file' / 'parley.db'}")


def test_the_revisions_read_from_the_files_are_those_that_alembic_sees() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    seen = {revision.revision: revision.down_revision for revision in script.walk_revisions()}
    assert revisions.known() == seen
    assert migrate.head() == script.get_current_head()
