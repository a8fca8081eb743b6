"""One contract for all knowledge stores: SQL over an SQLite file, and the in-memory twin."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bot.errors import InvalidInput
from retrieval.ports import KnowledgeStore
from retrieval.types import Document, DocumentKind, Passage, PassageRole, SnapshotManifest, Thresholds

Item = tuple[Document, list[Passage], NDArray[np.float32]]

DIMENSION = 8


@pytest.fixture
def store(storage: Any) -> KnowledgeStore:
    return storage.knowledge  # type: ignore[no-any-return]


def vectors(count: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((count, DIMENSION), dtype=np.float32)


def item(name: str, passages: int = 2, source: str = "a.md", text: str = "正文 body", **values: Any) -> Item:
    document = Document(name, DocumentKind.ARTICLE, f"Title {name}", text, "en", source, "d" * 64, **values)
    pieces = [
        Passage(f"{name}#{n}", name, n, PassageRole.TEXT, f"{name} piece {n}", n, n + 9, "en", ("One", "二"))
        for n in range(passages)
    ]
    return document, pieces, vectors(passages, len(name))


FAQ: Item = (
    Document(
        "returns",
        DocumentKind.FAQ,
        "How do I return it?",
        "Within 30 days.",
        "en",
        "faq.yaml",
        "e" * 64,
        wordings=("Sending it back?", "怎么退货？"),
        tags=("orders", "退货"),
        url="https://example.org/returns",
    ),
    [
        Passage("returns#0", "returns", 0, PassageRole.WORDING, "How do I return it?", 0, 0, "en"),
        Passage("returns#1", "returns", 1, PassageRole.ANSWER, "Within 30 days.", 0, 15, "en"),
    ],
    vectors(2, 7),
)


def test_an_empty_store(store: KnowledgeStore) -> None:
    assert store.revision() == 0
    assert list(store.documents()) == []
    assert list(store.passages("e")) == []
    assert store.document("returns") is None
    assert store.remove(["returns"]) == 0
    assert store.revision() == 0


def test_documents_come_back_as_they_went_in(store: KnowledgeStore) -> None:
    article = item("guide", tags=("a",), url=None)
    store.put([FAQ, article], "e")
    assert store.document("returns") == FAQ[0]
    assert store.documents() == [article[0], FAQ[0]]
    assert store.documents_of("faq.yaml") == [FAQ[0]]
    assert store.documents_of("nowhere") == []


def test_passages_come_in_order_with_equal_vectors(store: KnowledgeStore) -> None:
    long = item("b", passages=12)
    store.put([FAQ, long, item("B"), item("é")], "e")
    found = list(store.passages("e"))
    assert [passage.id for passage, _ in found] == [
        *("B#0", "B#1"),
        *(f"b#{n}" for n in range(12)),
        *("returns#0", "returns#1"),
        *("é#0", "é#1"),
    ]
    assert [passage for passage, _ in found[2:14]] == long[1]
    for (_, vector), wanted in zip(found[2:14], long[2], strict=True):
        assert vector is not None
        assert vector.dtype == np.float32
        np.testing.assert_array_equal(vector, wanted)


def test_passages_of_named_documents_alone(store: KnowledgeStore) -> None:
    store.put([FAQ, item("b", passages=2), item("B", passages=1)], "e")
    assert [passage.id for passage, _ in store.passages("e", ["returns", "B", "B", "none"])] == [
        *("B#0", "returns#0", "returns#1"),
    ]
    assert list(store.passages("e", [])) == []
    store.put((item(f"{n:05}", passages=1) for n in range(1200)), "e")
    assert sum(1 for _ in store.passages("e", (f"{n:05}" for n in range(1100)))) == 1100


def test_a_vector_is_the_readers_own(store: KnowledgeStore) -> None:
    _, pieces, matrix = given_item = item("a", 1)
    wanted = matrix.copy()
    store.put([given_item], "e")
    matrix[:] = 9
    ((_, vector),) = store.passages("e")
    assert vector is not None
    vector[:] = 5
    ((_, again),) = store.passages("e")
    np.testing.assert_array_equal(again, wanted[0])
    assert len(pieces) == 1


def test_another_embedders_vectors_are_none_until_stored(store: KnowledgeStore) -> None:
    store.put([item("a")], "old")
    revision = store.revision()
    assert [vector for _, vector in store.passages("new")] == [None, None]
    fresh = np.ones(3, dtype=np.float32)
    store.put_vectors("new", [("a#1", fresh), ("gone#0", fresh)])
    store.put_vectors("new", [("a#1", fresh * 2)])
    first, second = (vector for _, vector in store.passages("new"))
    assert first is None
    np.testing.assert_array_equal(second, fresh * 2)
    assert all(vector is not None for _, vector in store.passages("old"))
    assert store.revision() == revision


def test_replacing_leaves_nothing_of_the_old(store: KnowledgeStore) -> None:
    store.put([item("a", passages=5), item("b")], "e")
    newer = item("a", passages=1, text="new", source="other.md")
    store.put([newer], "e2")
    assert store.document("a") == newer[0]
    assert [passage.id for passage, _ in store.passages("e")] == ["a#0", "b#0", "b#1"]
    assert [vector is not None for _, vector in store.passages("e")] == [False, True, True]


def test_the_revision_grows_with_each_change_of_documents(store: KnowledgeStore) -> None:
    seen = [store.revision()]
    store.put([item("a"), item("b")], "e")
    seen.append(store.revision())
    store.put([item("a")], "e")
    seen.append(store.revision())
    assert store.remove(["a", "a", "none"]) == 1
    seen.append(store.revision())
    assert seen == sorted(set(seen))
    store.put([], "e")
    store.remove([])
    assert store.revision() == seen[-1]


def test_removing_takes_passages_and_vectors_along(store: KnowledgeStore) -> None:
    store.put([item("a"), item("b"), FAQ], "e")
    assert store.remove(["a", "returns"]) == 2
    assert [document.id for document in store.documents()] == ["b"]
    assert [passage.id for passage, _ in store.passages("e")] == ["b#0", "b#1"]
    store.put([FAQ], "e2")
    assert [vector is None for _, vector in store.passages("e")] == [False, False, True, True]


def test_of_two_documents_with_one_id_the_last_is_kept(store: KnowledgeStore) -> None:
    store.put([item("a", 3, text="first"), item("a", 1, text="last")], "e")
    (document,) = store.documents()
    assert document.text == "last"
    assert len(list(store.passages("e"))) == 1


def test_an_error_in_the_middle_keeps_what_was_there(store: KnowledgeStore) -> None:
    store.put([item("a", text="kept")], "e")
    before = store.revision()

    def failing() -> Iterator[Item]:
        yield item("a", text="new")
        raise OSError("the reader failed")

    with pytest.raises(OSError, match="reader failed"):
        store.put(failing(), "e")
    document, pieces, _ = item("c")
    with pytest.raises(ValueError, match="2 passages need as many vectors, not 3"):
        store.put([item("a", text="new"), (document, pieces, vectors(3))], "e")
    with pytest.raises(InvalidInput):
        store.put([item("a", text="new"), item("b", text="half \ud800")], "e")
    (kept,) = store.documents()
    assert kept.text == "kept"
    assert len(list(store.passages("e"))) == 2
    assert store.revision() == before


def test_many_documents_in_one_transaction(store: KnowledgeStore) -> None:
    store.put((item(f"{n:05}", passages=1) for n in range(1200)), "e")
    assert store.revision() == 1
    assert len(store.documents()) == 1200
    assert sum(1 for _ in store.passages("e")) == 1200
    assert store.remove(f"{n:05}" for n in range(1100)) == 1100
    assert sum(1 for _ in store.passages("e")) == 100


def test_writing_while_passages_are_read(store: KnowledgeStore) -> None:
    store.put((item(f"{n:05}", passages=2) for n in range(1500)), "e")
    reading = store.passages("e")
    next(reading)
    store.remove(["01499"])
    store.put([item("zzz")], "e")
    assert sum(1 for _ in reading) == 2999


def test_a_reading_that_is_given_up_holds_nothing(store: KnowledgeStore) -> None:
    store.put((item(f"{n:05}", passages=1) for n in range(1500)), "e")
    for _ in range(60):  # more than there are connections
        next(store.passages("e"))
    assert store.revision() == 1


def test_threads_may_write_at_once(store: KnowledgeStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.put([item(f"d{n}"), item("shared", text=str(n))], "e"), range(24)))
    assert store.revision() == 24
    assert len(store.documents()) == 25
    assert sum(1 for _ in store.passages("e")) == 50


def test_snapshots_are_recorded(store: KnowledgeStore) -> None:
    manifest = SnapshotManifest("s1", 3, "e", 384, 2, 9, Thresholds(0.8, 0.3), "2026-11-23T12:00:00+00:00")
    store.record_snapshot(manifest)
    store.record_snapshot(manifest)
    assert store.revision() == 0


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


@given(title=WORDS, text=WORDS, wordings=st.lists(WORDS), tags=st.lists(WORDS), url=st.none() | WORDS)
def test_any_faq_entry_survives(
    store: KnowledgeStore, title: str, text: str, wordings: list[str], tags: list[str], url: str | None
) -> None:
    kept = Document("any", DocumentKind.FAQ, title, text, "en", "s", "d" * 64, tuple(wordings), tuple(tags), url)
    store.put([(kept, [], vectors(0))], "e")
    assert store.document("any") == kept
