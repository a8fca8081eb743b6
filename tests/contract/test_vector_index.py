"""One contract for all vector indexes: FAISS in this process, pgvector in a real PostgreSQL, and the in-memory twin."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.storage.sql import SqlStorage
from retrieval.index.flat import DenseIndex
from retrieval.memory import MemoryKnowledgeStore
from retrieval.ports import KnowledgeStore, SharedVectorIndex, VectorIndex
from retrieval.types import Document, DocumentKind, Passage, PassageRole

Rows = NDArray[np.float32]
Make = Callable[[int, int], VectorIndex]

EMBEDDER = "all-minilm 的'%s"
DIMENSION = 24


def names(count: int) -> list[str]:
    return [f"d#{number}" for number in range(count)]


def stored(store: KnowledgeStore, count: int) -> None:
    """One document with so many passages, embedded by another embedder."""
    document = Document("d", DocumentKind.ARTICLE, "D", "text", "en", "d.md", "d" * 64)
    pieces = [Passage(key, "d", n, PassageRole.TEXT, "text", 0, 4, "en") for n, key in enumerate(names(count))]
    store.put([(document, pieces, np.ones((count, 2), dtype=np.float32))], "another")


@pytest.fixture(params=["faiss", "faiss in 16 bits", "pgvector", "memory"])
def make(request: pytest.FixtureRequest) -> Make:
    """Gives an empty index of a dimension for so many passages."""
    if request.param.startswith("faiss"):
        return lambda count, dimension: DenseIndex(dimension, half="16" in request.param)
    if request.param == "memory":
        store = MemoryKnowledgeStore()
    else:
        storage = SqlStorage(request.getfixturevalue("postgres_url"))
        request.addfinalizer(storage.close)
        store = storage.knowledge  # type: ignore[assignment]

    def shared(count: int, dimension: int) -> VectorIndex:
        stored(store, count)
        index = store.shared_vectors(EMBEDDER, dimension)
        assert index is not None
        index.catch_up()
        return index

    return shared


def unit(count: int, dimension: int = DIMENSION, seed: int = 0) -> Rows:
    rows = np.random.default_rng(seed).standard_normal((count, dimension), dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def exact(rows: Rows, query: Rows, limit: int) -> list[str]:
    order = np.argsort(-(rows @ query), kind="stable")[:limit]
    return [f"d#{number}" for number in order]


def ids(found: Sequence[tuple[str, float]]) -> list[str]:
    return [key for key, _ in found]


def test_an_empty_index(make: Make) -> None:
    index = make(0, DIMENSION)
    assert len(index) == 0
    assert index.search(unit(1)[0], 5) == []
    assert index.cosines(unit(1)[0], ["d#0"]) == [0.0]
    assert index.vectors(["d#0"]).shape == (1, DIMENSION)
    assert index.vectors([]).shape == (0, DIMENSION)
    index.remove([])
    index.remove(["d#0"])
    index.add([], unit(0))


def test_the_nearest_are_those_of_an_exact_search(make: Make) -> None:
    index, rows = make(400, DIMENSION), unit(400)
    index.add(names(400), rows)
    assert len(index) == 400
    for query in unit(20, seed=1):
        found = index.search(query, 10)
        nearest = np.sort(rows @ query)[::-1][:10]
        np.testing.assert_allclose([score for _, score in found], nearest, atol=1e-3)
        np.testing.assert_allclose([rows[int(key[2:])] @ query for key in ids(found)], nearest, atol=1e-3)
    assert index.search(rows[0], 0) == []
    assert len(index.search(rows[0], 1000)) == 400


def test_cosines_and_vectors_of_named_rows(make: Make) -> None:
    index, rows = make(50, DIMENSION), unit(50)
    index.add(names(50), rows)
    query = unit(1, seed=2)[0]
    chosen = ["d#7", "none", "d#49", "d#7"]
    wanted = [float(rows[7] @ query), 0.0, float(rows[49] @ query), float(rows[7] @ query)]
    np.testing.assert_allclose(index.cosines(query, chosen), wanted, atol=1e-3)
    found = index.vectors(chosen)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [rows[7], np.zeros(DIMENSION), rows[49], rows[7]], atol=1e-3)


def test_what_is_removed_is_never_found_again(make: Make) -> None:
    index, rows = make(300, DIMENSION), unit(300)
    index.add(names(300), rows)
    gone = names(300)[::3]
    index.remove([*gone, "none"])
    assert len(index) == 200
    for row in rows[::3]:
        found = ids(index.search(row, 300))
        assert len(found) == 200
        assert not set(found) & set(gone)
    assert index.cosines(rows[0], gone) == [0.0] * 100
    assert not index.vectors(gone).any()


def test_a_row_that_is_added_again_is_replaced(make: Make) -> None:
    index, rows = make(10, DIMENSION), unit(10)
    index.add(names(10), rows)
    newer = unit(1, seed=3)
    index.add(["d#4"], newer)
    assert len(index) == 10
    assert ids(index.search(newer[0], 1)) == ["d#4"]
    np.testing.assert_allclose(index.cosines(rows[4], ["d#4"]), [float(newer[0] @ rows[4])], atol=1e-3)


def test_rows_of_zeros_are_blind(make: Make) -> None:
    index, rows = make(12, DIMENSION), unit(12)
    rows[[2, 5]] = 0
    index.add(names(12), rows)
    assert len(index) == 10
    assert set(ids(index.search(unit(1, seed=4)[0], 12))) == set(names(12)) - {"d#2", "d#5"}
    nothing = np.zeros(DIMENSION, dtype=np.float32)
    assert index.search(nothing, 5) == []
    assert index.cosines(nothing, ["d#1", "d#2"]) == [0.0, 0.0]
    assert index.cosines(rows[0], ["d#2"]) == [0.0]
    index.add(["d#0"], nothing.reshape(1, -1))
    assert len(index) == 9


def clustered(count: int, dimension: int, seed: int = 0) -> Rows:
    """Passages as embedders see them: many near one another, in clusters of very different sizes."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((60, dimension))
    sizes = 1 / np.arange(1, 61)
    chosen = random.choice(60, count, p=sizes / sizes.sum())
    rows = centres[chosen] + 0.6 * random.standard_normal((count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_what_an_approximate_search_finds_is_nearly_all(make: Make) -> None:
    rows = clustered(3000, 64)
    index = make(len(rows), 64)
    index.add(names(len(rows)), rows)
    queries = clustered(3100, 64)[3000:]
    right = sum(len(set(ids(index.search(query, 10))) & set(exact(rows, query, 10))) for query in queries)
    assert right / (10 * len(queries)) >= 0.99


def test_a_few_rows_left_of_many_are_all_found(make: Make) -> None:
    rows = clustered(1500, 32)
    index = make(len(rows), 32)
    index.add(names(len(rows)), rows)
    index.remove(names(1500)[20:])
    assert set(ids(index.search(rows[1400], 20))) == set(names(20))


@pytest.fixture(params=["pgvector", "memory"])
def shared(request: pytest.FixtureRequest) -> tuple[KnowledgeStore, SharedVectorIndex]:
    """A store with three passages, and the index that all who use it share."""
    if request.param == "memory":
        store = MemoryKnowledgeStore()
    else:
        storage = SqlStorage(request.getfixturevalue("postgres_url"))
        request.addfinalizer(storage.close)
        store = storage.knowledge  # type: ignore[assignment]
    stored(store, 3)
    index = store.shared_vectors(EMBEDDER, DIMENSION)
    assert index is not None
    return store, index


def test_what_is_stored_can_be_found_and_what_is_removed_cannot(
    shared: tuple[KnowledgeStore, SharedVectorIndex],
) -> None:
    store, index = shared
    rows = unit(3)
    store.put_vectors(EMBEDDER, zip(names(3), rows, strict=True))
    assert ids(index.search(rows[1], 1)) == ["d#1"]
    newer = unit(1, seed=9)[0]
    store.put_vectors(EMBEDDER, [("d#1", newer)])
    assert index.search(newer, 1)[0][1] == pytest.approx(1)
    assert index.catch_up() == 0
    store.remove(["d"])
    assert index.search(rows[1], 5) == []
    assert len(index) == 0


def test_vectors_of_passages_that_are_not_there_are_left_out(shared: tuple[KnowledgeStore, SharedVectorIndex]) -> None:
    _, index = shared
    index.add(["d#0", "gone#0"], unit(2))
    assert ids(index.search(unit(2)[1], 5)) == ["d#0"]
