"""`parley db copy`: from SQLite to a real PostgreSQL and back, killed at every step, with the texts people do write."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, TypeDecorator, create_engine, inspect, select, text

from bot.domain import AccessState, Opinion, Preferences
from bot.errors import StorageError
from bot.ports import UnitOfWork
from bot.storage import migrate
from bot.storage.copying import run
from bot.storage.copying.content import content_of
from bot.storage.copying.marks import progress
from bot.storage.copying.run import Step, copy
from bot.storage.sql import SqlStorage
from bot.storage.tables import metadata
from retrieval.embedding.hashed import HashedEmbedder
from retrieval.ingest import Ingestor
from retrieval.search import Searcher
from tests.integration.conftest import ROOT, Parley
from tests.support.postgres import Postgres
from tests.support.storage import HERE, NOW, accepted, answered, turn

AWKWARD = (
    "👩🏽‍💻 café ‮abc‬ 退貨？ \u2028 'quotes' \"\\\" ; DROP TABLE turns; -- %s :name {json}",
    "line\r\nline\ttab \x01\x1f\x7f",
    "長" * 300_000,
)
FAQ = b"""
entries:
  - {id: returns, question: "How do I return it?", wordings: ["\\U0001F914?"], answer: "Within 30 \\u5929."}
"""


def fill(url: str) -> None:
    """A database with something in every table, awkward texts, and gaps where things were forgotten."""
    storage = SqlStorage(url)

    def work(work: UnitOfWork) -> None:
        kept = [answered(work, f"u{n}", said) for n, said in enumerate(AWKWARD)]
        for number in range(40):
            answered(work, f"more{number}", f"And {number}?", conversation="telegram:é", name="Ünï")
        me = kept[0].user_id
        work.users.set_preferences(me, Preferences("zh", None, {"tone": "暖 😀"}))
        work.conversations.set_values(HERE, {"when": "always"})
        work.parts.sent(kept[0].id, 0, 0, "900", "abc")
        work.opinions.give(kept[0].id, me, Opinion.GOOD, NOW)
        work.access.set(me, AccessState.PENDING, NOW, "123456")
        work.unanswered.note("谁？", "zh", 0.1 + 0.2, None, NOW)
        accepted(work, "waiting", "not yet answered")
        answered(work, "gone", conversation="console:gone")
        work.conversations.forget("console:gone")  # its id is the highest that was given

    asyncio.run(storage.run(work))
    ingestor = Ingestor(storage.knowledge, HashedEmbedder())
    assert list(ingestor.add_bytes("faq.yaml", FAQ))
    assert list(ingestor.add_bytes("long.txt", b"Long text about bridges. " * 800))
    storage.close()


@pytest.fixture(scope="module")
def _filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "parley.db"
    migrate.upgrade(f"sqlite:///{path}")
    fill(f"sqlite:///{path}")
    return path


@pytest.fixture
def source(_filled: Path, tmp_path: Path) -> str:
    """The URL of a filled SQLite database of the test's own."""
    path = tmp_path / "source.db"
    with closing(sqlite3.connect(_filled)) as filled, closing(sqlite3.connect(path)) as own:
        filled.backup(own)
    return f"sqlite:///{path}"


@pytest.fixture
def engine(blank_postgres_url: str) -> Iterator[Engine]:
    engine = create_engine(blank_postgres_url)
    yield engine
    engine.dispose()


def contents(url: str) -> dict[str, Any]:
    engine = create_engine(url)
    with engine.begin() as connection:
        found = {table.name: content_of(connection, table) for table in metadata.sorted_tables}
    engine.dispose()
    return found


def quietly(step: Step) -> None:
    """Nobody is told."""


def change(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def test_everything_is_there_afterwards(source: str, blank_postgres_url: str, engine: Engine) -> None:
    before = contents(source)
    assert min(before[name].rows for name in ("turns", "messages", "citations", "parts", "passage_vectors")) > 0
    done = copy(source, blank_postgres_url, quietly)
    assert {one.table: one.content for one in done} == before == contents(blank_postgres_url) == contents(source)
    assert not inspect(engine).has_table(progress.name)
    assert migrate.check(blank_postgres_url)


def test_a_parley_on_the_copy_goes_on_where_the_other_one_was(source: str, blank_postgres_url: str) -> None:
    copy(source, blank_postgres_url, quietly)
    old, new = SqlStorage(source), SqlStorage(blank_postgres_url)
    try:
        for storage in (old, new):
            assert [t.update_id for t in asyncio.run(storage.read(lambda w: w.turns.unfinished()))] == ["waiting"]
        histories = [asyncio.run(one.read(lambda w: w.conversations.history(HERE, 99))) for one in (old, new)]
        assert histories[0] == histories[1]
        assert histories[0][0].text == AWKWARD[0]
        added = [asyncio.run(one.run(lambda w: w.turns.accept(turn(1, "next"))))[0].id for one in (old, new)]
        assert added[0] == added[1]  # and not the number of a turn that was forgotten
        searchers = [
            Searcher(one.knowledge, HashedEmbedder(), shared=one.knowledge.shared_vectors) for one in (old, new)
        ]
        found = [[hit.passage.id for hit in one.search("bridges and returns", full=True).hits] for one in searchers]
        assert found[0] == found[1] != []
        vectors = [{p.id: v for p, v in one.knowledge.passages("hashed-256")} for one in (old, new)]
        assert vectors[0].keys() == vectors[1].keys()
        for key, row in vectors[0].items():
            np.testing.assert_array_equal(row, vectors[1][key])
    finally:
        old.close()
        new.close()


def test_there_and_back_again_is_the_same(source: str, blank_postgres_url: str, tmp_path: Path) -> None:
    back = f"sqlite:///{tmp_path / 'new' / 'back.db'}"
    copy(source, blank_postgres_url, quietly)
    copy(blank_postgres_url, back, quietly)
    assert contents(back) == contents(source)
    assert numbers(tmp_path / "new" / "back.db") == numbers(tmp_path / "source.db") != []


def numbers(path: Path) -> list[tuple[str, int]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name").fetchall()


def test_done_again_it_only_compares(source: str, blank_postgres_url: str) -> None:
    first = copy(source, blank_postgres_url, quietly)
    steps: list[Step] = []
    assert copy(source, blank_postgres_url, steps.append) == first
    assert {step.doing for step in steps} == {"checking"}


class Killed(BaseException):
    """The process ends here."""


def killed_at(number: int) -> Callable[[Step], None]:
    left = [number]

    def tell(_: Step) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    return tell


@pytest.mark.parametrize("to", ["postgresql", "sqlite"])
def test_broken_off_at_any_step_it_is_gone_on_with(
    source: str, to: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "ROWS_AT_ONCE", 30)
    target = f"sqlite:///{tmp_path / 'target.db'}" if to == "sqlite" else request.getfixturevalue("blank_postgres_url")
    wanted = contents(source)
    rounds = 0
    while True:
        rounds += 1
        steps: list[Step] = []
        broken = killed_at(len(metadata.sorted_tables) if rounds > 1 else 3)

        def tell(step: Step, steps: list[Step] = steps, broken: Callable[[Step], None] = broken) -> None:
            steps.append(step)
            if step.doing == "copying" and step.done != 0:
                broken(step)

        try:
            copy(source, target, tell)
            break
        except Killed:
            with pytest.raises(StorageError, match="is not finished"):
                migrate.check(target)
    assert rounds > 2
    assert contents(target) == wanted
    assert migrate.check(target)


SCRIPT = """
import os, signal, sys
from bot.storage.copying import run
run.ROWS_AT_ONCE = 20
def tell(step):
    if (step.table, step.done) == ("messages", 40):
        os.kill(os.getpid(), signal.SIGKILL)
run.copy(sys.argv[1], sys.argv[2], tell)
"""


def test_killed_in_the_middle_it_is_gone_on_with(source: str, blank_postgres_url: str, engine: Engine) -> None:
    command = [sys.executable, "-c", SCRIPT, source, blank_postgres_url]
    killed = subprocess.run(command, cwd=ROOT, check=False, timeout=60, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with engine.begin() as connection:
        done = connection.scalar(select(progress.c.rows).where(progress.c.table == "messages"))
    assert done == 40
    steps: list[Step] = []
    copy(source, blank_postgres_url, steps.append)
    assert next(step.done for step in steps if step.table == "messages") == 40
    assert contents(blank_postgres_url) == contents(source)


def test_a_target_with_other_content_is_refused_and_left_alone(source: str, postgres_url: str) -> None:
    fill(postgres_url)
    change(postgres_url, "UPDATE users SET display_name = 'other'")
    before = contents(postgres_url)
    with pytest.raises(StorageError, match=r"holds other data already \(table \w+\)"):
        copy(source, postgres_url, quietly)
    with pytest.raises(StorageError, match="holds other data"):
        copy(source, postgres_url, quietly, restart=True)
    assert contents(postgres_url) == before
    assert migrate.check(postgres_url)


def test_another_programs_tables_are_refused(source: str, blank_postgres_url: str) -> None:
    change(blank_postgres_url, "CREATE TABLE theirs (id INT)")
    with pytest.raises(StorageError, match="another program's tables"):
        copy(source, blank_postgres_url, quietly)


def test_a_source_that_changed_meanwhile_is_seen(source: str, blank_postgres_url: str) -> None:
    with pytest.raises(Killed):
        copy(source, blank_postgres_url, killed_at(30))
    change(source, "UPDATE users SET display_name = 'changed'")
    with pytest.raises(StorageError, match="differs from its source in table users"):
        copy(source, blank_postgres_url, quietly)
    with pytest.raises(StorageError, match="is not finished"):
        migrate.check(blank_postgres_url)
    copy(source, blank_postgres_url, quietly, restart=True)
    assert contents(blank_postgres_url) == contents(source)


def test_a_copy_from_elsewhere_is_not_gone_on_with(source: str, blank_postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        copy(source, blank_postgres_url, killed_at(5))
    other = f"sqlite:///{tmp_path / 'other.db'}"
    migrate.upgrade(other)
    with pytest.raises(StorageError, match="begun from another database"):
        copy(other, blank_postgres_url, quietly)


def test_what_is_written_while_the_copy_runs_is_not_half_there(source: str, blank_postgres_url: str) -> None:
    before = contents(source)

    def tell(step: Step) -> None:
        if step.table == "turns" and step.done:
            change(source, "UPDATE messages SET text = text || '!'")

    done = copy(source, blank_postgres_url, tell)
    assert {one.table: one.content for one in done} == before


def test_a_row_that_no_database_keeps_is_named(source: str, blank_postgres_url: str) -> None:
    change(source, "UPDATE messages SET text = 'a' || char(0) || 'b' WHERE id = 2")
    with pytest.raises(StorageError, match=r"Row 2 of table messages cannot be copied: .* NUL"):
        copy(source, blank_postgres_url, quietly)


@pytest.mark.parametrize(("from_", "reason"), [("nowhere.db", "no database at"), ("old.db", "Run: parley db upgrade")])
def test_a_source_that_does_not_fit_is_refused(
    from_: str, reason: str, tmp_path: Path, blank_postgres_url: str, engine: Engine
) -> None:
    url = f"sqlite:///{tmp_path / from_}"
    if from_ == "old.db":
        migrate.upgrade(url, "0001")
    with pytest.raises(StorageError, match=reason):
        copy(url, blank_postgres_url, quietly)
    assert inspect(engine).get_table_names() == []


def test_every_table_can_be_gone_on_with() -> None:
    for table in metadata.sorted_tables:
        types = [column.type for column in table.primary_key]
        kinds = {(one.impl_instance if isinstance(one, TypeDecorator) else one).python_type for one in types}
        assert kinds <= {int, str}, f"{table.name}: its key must be kept as JSON between two runs"


def test_the_command_tells_what_it_did(parley: Parley, settings: Path, blank_postgres_url: str, _filled: Path) -> None:
    with closing(sqlite3.connect(_filled)) as filled, closing(sqlite3.connect(settings / "parley.db")) as own:
        filled.backup(own)
    done = parley("db", "copy", "--to", blank_postgres_url, "--json")
    assert done.code == 0
    assert done.rows[-1]["tables"] == len(metadata.tables) == len(done.rows) - 1
    assert sum(row["rows"] for row in done.rows[:-1]) == done.rows[-1]["rows"] > 100
    said = parley("db", "copy", "--to", blank_postgres_url)
    assert "counts and SHA-256 of each are equal" in said.out
    same = parley("db", "copy", "--to", f"sqlite:///{settings / 'parley.db'}")
    assert (same.code, "comes from" in same.sentence) == (4, True)


def test_a_password_is_never_shown(parley: Parley, settings: Path, postgres: Postgres) -> None:
    migrate.upgrade(f"sqlite:///{settings / 'parley.db'}")
    url = postgres.url.set(username="guarded", password="secret-wrong").render_as_string(hide_password=False)
    done = parley("db", "copy", "--to", url)
    assert done.code == 4
    assert "secret-wrong" not in done.out + done.err


def test_health_is_told_by_the_exit_code(
    parley: Parley, settings: Path, blank_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (parley("health").code, "not there yet" in parley("health").sentence) == (4, True)
    parley("db", "upgrade")
    assert parley("health", "--json").rows == [{"database": "ok", "revision": migrate.head()}]
    monkeypatch.setenv("PARLEY_DATABASE_URL", blank_postgres_url)
    assert parley("health").code == 4
    migrate.upgrade(blank_postgres_url, "0001")
    assert "at revision 0001" in parley("health").sentence
    migrate.upgrade(blank_postgres_url)
    assert parley("health").code == 0
    monkeypatch.setenv("PARLEY_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:9/none?connect_timeout=2")
    assert "cannot be reached" in parley("health").sentence
