"""The shared vector index on a real PostgreSQL: two processes, servers without pgvector, the planner."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import Engine, create_engine, event, text

from bot.doctor import _knowledge
from bot.settings import load_settings
from bot.storage import migrate, vector_support
from bot.storage.sql import SqlStorage
from bot.storage.vectors import SharedVectors
from retrieval.embedding.hashed import HashedEmbedder
from retrieval.ingest import Ingestor
from retrieval.search import Searcher
from tests.contract.test_vector_index import EMBEDDER, clustered, ids, names, stored, unit
from tests.support.postgres import Postgres

NOTE = "The museum opens at {} o'clock."


@pytest.fixture
def processes(postgres_url: str) -> Iterator[tuple[SqlStorage, SqlStorage]]:
    """Two storages over one database; to PostgreSQL they are as two processes."""
    both = SqlStorage(postgres_url), SqlStorage(postgres_url)
    support = both[0].knowledge.vector_support()
    assert support is not None
    assert support.why_not == ""
    yield both
    for storage in both:
        storage.close()


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    engine = create_engine(postgres_url)
    yield engine
    engine.dispose()


def searcher(storage: SqlStorage) -> Searcher:
    return Searcher(storage.knowledge, HashedEmbedder(), shared=storage.knowledge.shared_vectors)


def add(storage: SqlStorage, name: str, said: str) -> None:
    assert list(Ingestor(storage.knowledge, HashedEmbedder()).add_bytes(f"{name}.txt", said.encode()))


def found(search: Searcher, query: str) -> list[tuple[str, str]]:
    return [(hit.document.id, hit.passage.text) for hit in search.search(query, full=True).hits]


def test_what_one_process_adds_replaces_and_removes_the_other_sees_at_its_next_search(
    processes: tuple[SqlStorage, SqlStorage],
) -> None:
    here, there = processes
    mine, theirs = searcher(here), searcher(there)
    assert found(mine, "museum opens") == found(theirs, "museum opens") == []
    add(here, "museum", NOTE.format("nine"))
    add(here, "garden", "Roses flower in June.")
    assert found(theirs, "museum opens")[0] == ("museum", NOTE.format("nine"))
    add(there, "museum", NOTE.format("ten"))
    assert found(mine, "museum opens")[0] == ("museum", NOTE.format("ten"))
    assert theirs.parts("when the museum opens").dense[0][0] == "museum"
    here.knowledge.remove(["museum"])
    assert [key for key, _ in found(theirs, "museum opens")] in ([], ["garden"])
    assert all(key != "museum" for key, _ in theirs.parts("museum opens").dense)


def test_a_process_finds_by_the_shared_vectors_what_one_with_its_own_finds(
    processes: tuple[SqlStorage, SqlStorage],
) -> None:
    here, there = processes
    for number in range(30):
        add(here, f"note{number}", f"Room {number} has {number * 7 % 11} windows and a view of the {'sea park'[::2]}.")
    own = Searcher(there.knowledge, HashedEmbedder())
    for query in ("windows of room 7", "a view", "rooms with eleven windows"):
        left, right = searcher(here).search(query), own.search(query)
        assert left.thresholds == right.thresholds
        assert [hit.document.id for hit in left.hits] == [hit.document.id for hit in right.hits]
        np.testing.assert_allclose([h.score for h in left.hits], [h.score for h in right.hits], atol=1e-5)


def test_no_vectors_travel_where_the_index_is_shared(processes: tuple[SqlStorage, SqlStorage]) -> None:
    here, there = processes
    add(here, "museum", NOTE.format("nine"))
    statements: list[str] = []
    read = there.knowledge._engines.read
    event.listen(read, "before_cursor_execute", lambda _c, _u, statement, *_: statements.append(statement))
    assert found(searcher(there), "museum opens")[0][0] == "museum"
    assert statements
    assert not [one for one in statements if "passage_vectors.vector" in one]


def test_the_planner_takes_the_index_of_the_embedder(processes: tuple[SqlStorage, SqlStorage], engine: Engine) -> None:
    store = processes[0].knowledge
    rows = clustered(3000, 48)
    stored(store, len(rows))
    for name in (EMBEDDER, "other"):
        store.put_vectors(name, zip(names(len(rows)), rows, strict=True))
        index = store.shared_vectors(name, 48)
        assert index is not None
        assert index.catch_up() == 0
    with engine.begin() as connection:
        connection.execute(text("ANALYZE indexed_vectors"))
        made = connection.scalars(text("SELECT indexname FROM pg_indexes WHERE tablename = 'indexed_vectors'")).all()
    assert len(made) == 3
    shared = store.shared_vectors(EMBEDDER, 48)
    assert isinstance(shared, SharedVectors)
    assert f"Index Scan using {shared._slice.index}" in plan(shared, rows[0])


def plan(index: SharedVectors, vector: NDArray[np.float32]) -> str:
    def explained(_c: object, _u: object, said: str, given: object, *_: object) -> tuple[str, object]:
        return "EXPLAIN " + said, given

    with index._engines.read.begin() as connection:
        event.listen(connection, "before_cursor_execute", explained, retval=True)
        lines = [row[0] for row in connection.execute(index._nearest, {"query": vector, "limit": 100})]
    return "\n".join(lines)


def test_vectors_that_were_stored_before_the_index_are_caught_up(
    processes: tuple[SqlStorage, SqlStorage], engine: Engine
) -> None:
    here, there = processes
    stored(here.knowledge, 2500)
    rows = unit(2500)
    here.knowledge.put_vectors(EMBEDDER, zip(names(2500), rows, strict=True))
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE indexed_vectors"))  # as if pgvector had come later
    here.knowledge.put_vectors("another", [("d#0", np.ones(2, dtype=np.float32))])
    index = there.knowledge.shared_vectors(EMBEDDER, 24)
    assert index is not None
    assert index.search(rows[2400], 1) == []
    assert index.catch_up() == 2500
    assert ids(index.search(rows[2400], 1)) == ["d#2400"]
    assert index.catch_up() == 0


def test_two_that_find_pgvector_at_once_both_use_it(blank_postgres_url: str) -> None:
    migrate.upgrade(blank_postgres_url, "0003")
    ready = threading.Barrier(4)

    def open_(_: int) -> str:
        storage = SqlStorage(blank_postgres_url)
        ready.wait(10)
        support = storage.knowledge.vector_support()
        storage.close()
        assert support is not None
        return support.why_not

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(open_, range(4))) == [""] * 4


def test_what_is_removed_is_found_by_nobody_from_then_on(processes: tuple[SqlStorage, SqlStorage]) -> None:
    here, there = processes
    add(here, "garden", "Roses flower in June.")
    gone: set[str] = set()
    done = threading.Event()

    def search(storage: SqlStorage) -> int:
        mine, count = searcher(storage), 0
        while not done.is_set():
            before = set(gone)
            hits = {hit.document.id for hit in mine.search("when the museum opens", full=True).hits}
            hits |= {key for key, _ in mine.parts("museum").dense}
            assert not hits & before
            count += 1
        return count

    with ThreadPoolExecutor(2) as pool:
        searching = [pool.submit(search, storage) for storage in processes]
        try:
            for number in range(25):
                name = f"museum{number}"
                add((here, there)[number % 2], name, NOTE.format(number))
                (there, here)[number % 2].knowledge.remove([name])
                gone.add(name)
        finally:
            done.set()
        assert all(one.result(60) for one in searching)


def test_processes_keep_snapshots_of_their_own(
    processes: tuple[SqlStorage, SqlStorage], engine: Engine, tmp_path: Path
) -> None:
    here, there = processes
    add(here, "museum", NOTE.format("nine"))
    for name, storage in (("a", here), ("b", there)):
        Searcher(
            storage.knowledge, HashedEmbedder(), tmp_path / name, shared=storage.knowledge.shared_vectors
        ).refresh()
    with engine.begin() as connection:
        kept = connection.execute(text("SELECT revision, documents, passages FROM index_snapshots")).all()
    assert [tuple(row) for row in kept] == [(here.knowledge.revision(), 1, 1)] * 2
    here.knowledge.remove(["museum"])  # after the snapshots
    again = Searcher(there.knowledge, HashedEmbedder(), tmp_path / "b", shared=there.knowledge.shared_vectors)
    assert found(again, "museum opens") == []


def test_more_dimensions_than_an_index_takes_are_searched_all_the_same(
    processes: tuple[SqlStorage, SqlStorage],
) -> None:
    store = processes[0].knowledge
    stored(store, 5)
    for dimension in (2560, 4100):
        index = store.shared_vectors(f"large {dimension}", dimension)
        assert index is not None
        rows = unit(5, dimension)
        index.add(names(5), rows)
        index.catch_up()
        assert ids(index.search(rows[3], 1)) == ["d#3"]


def test_another_models_vectors_under_the_same_name_are_passed_over(processes: tuple[SqlStorage, SqlStorage]) -> None:
    store = processes[0].knowledge
    stored(store, 4)
    for dimension in (8, 24):
        index = store.shared_vectors(EMBEDDER, dimension)
        assert index is not None
        index.add(names(4)[:2] if dimension == 8 else names(4)[1:], unit(2 if dimension == 8 else 3, dimension))
        index.catch_up()
        assert len(index) == (2 if dimension == 8 else 3)
        assert len(index.search(unit(1, dimension)[0], 9)) == len(index)


def test_a_user_without_the_right_to_switch_pgvector_on_is_told(postgres: Postgres, blank_postgres_url: str) -> None:
    role, database = postgres.name(), blank_postgres_url.partition("?")[0].rpartition("/")[2]
    postgres.execute(f"CREATE ROLE {role} LOGIN")
    engine = create_engine(blank_postgres_url)
    with engine.begin() as connection:
        connection.execute(text(f"GRANT ALL ON SCHEMA public TO {role}"))
    try:
        theirs = postgres.url.set(database=database, username=role).render_as_string(hide_password=False)
        migrate.upgrade(theirs)
        storage = SqlStorage(theirs)
        support = storage.knowledge.vector_support()
        assert support is not None
        assert (support.why_not, support.advice) == (vector_support.REFUSED, vector_support.SWITCH_ON)
        add(storage, "museum", NOTE.format("nine"))
        assert found(searcher(storage), "museum opens")[0][0] == "museum"  # each process indexes itself
        with engine.begin() as connection:
            connection.execute(text("CREATE EXTENSION vector"))
        index = storage.knowledge.shared_vectors("hashed-256", 256)
        assert index is not None
        assert index.catch_up() == 1
        storage.close()
    finally:
        engine.dispose()
        postgres.execute(f"DROP DATABASE {database} WITH (FORCE)")
        postgres.execute(f"DROP ROLE {role}")
        postgres.execute(f"CREATE DATABASE {database}")  # which its fixture drops


@pytest.mark.parametrize(
    ("extension", "reason"),
    [("none", vector_support.NOT_INSTALLED), ("old", vector_support.TOO_OLD.format(version="99.0"))],
)
def test_a_server_without_a_fitting_pgvector_is_told(
    processes: tuple[SqlStorage, SqlStorage], monkeypatch: pytest.MonkeyPatch, extension: str, reason: str
) -> None:
    if extension == "none":
        monkeypatch.setattr(vector_support, "EXTENSION", "no_such_extension")
    else:
        monkeypatch.setattr(vector_support, "OLDEST", (999, 0))
    support = processes[0].knowledge.vector_support()
    assert support is not None
    assert support.why_not.partition(" ")[0] == reason.partition(" ")[0]
    assert support.advice
    assert processes[0].knowledge.shared_vectors(EMBEDDER, 24) is None


def test_sqlite_shares_no_vectors(database_url: str) -> None:
    storage = SqlStorage(database_url)
    assert storage.knowledge.shared_vectors(EMBEDDER, 24) is None
    assert storage.knowledge.vector_support() is None
    storage.close()


def test_the_doctor_tells_where_vectors_are_searched(
    postgres_url: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_DATABASE_URL", postgres_url)
    found = {one.check: one for one in _knowledge(load_settings())}
    assert (found["vector index"].state, found["vector index"].advice) == ("ok", "")
    monkeypatch.setattr(vector_support, "EXTENSION", "no_such_extension")
    found = {one.check: one for one in _knowledge(load_settings())}
    assert (found["vector index"].state, found["vector index"].advice) == ("warn", vector_support.INSTALL)
