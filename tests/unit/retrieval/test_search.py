from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from retrieval.chunking import split
from retrieval.embedding.hashed import HashedEmbedder
from retrieval.errors import SnapshotError
from retrieval.index import snapshot
from retrieval.index.state import searchable
from retrieval.memory import MemoryKnowledgeStore
from retrieval.ports import Use
from retrieval.search import Searcher
from retrieval.types import Document, Passage, PassageRole, Thresholds
from tests.unit.retrieval.builders import article, faq

if TYPE_CHECKING:
    from retrieval.ports import Vectors

RETURNS = faq("returns.en", "How do I return shoes?", "Send them back within thirty days.", "Can I give shoes back?")
RETURNS_ZH = faq("returns.zh", "怎么退鞋？", "三十天内寄回即可。", "鞋子能退吗？", language="zh")
HOURS = faq("hours.en", "When do you open?", "At nine o'clock.")
GUIDE = article("guide", "# Care\n\nClean leather with a soft cloth.\n\n# Laundry\n\nWash cotton at forty degrees.")


class Counting(HashedEmbedder):
    """Counts the texts that it embeds."""

    def __init__(self) -> None:
        super().__init__()
        self.embedded = 0

    def embed(self, texts: Sequence[str], use: Use = "passage") -> Vectors:
        self.embedded += len(texts)
        return super().embed(texts, use)


def stored(*documents: Document) -> MemoryKnowledgeStore:
    store = MemoryKnowledgeStore()
    put(store, *documents)
    return store


def put(store: MemoryKnowledgeStore, *documents: Document) -> None:
    embedder = HashedEmbedder()
    items = []
    for document in documents:
        passages = split(document)
        items.append((document, passages, embedder.embed([searchable(passage) for passage in passages])))
    store.put(items, embedder.name)


def ids(searcher: Searcher, query: str, k: int = 5, **options: str) -> list[str]:
    return [hit.document.id for hit in searcher.search(query, k, **options).hits]


def test_a_wording_word_for_word_needs_no_embedder() -> None:
    embedder = Counting()
    result = Searcher(stored(RETURNS, HOURS), embedder).search("  how do i return SHOES ")
    assert [(hit.document.id, hit.exact, hit.confidence) for hit in result.hits] == [("returns.en", True, 1.0)]
    assert result.hits[0].passage.role is PassageRole.ANSWER
    assert result.hits[0].passage.text == RETURNS.text
    assert embedder.embedded == 0


def test_a_full_search_keeps_the_exact_entry_first_with_its_ranks() -> None:
    searcher = Searcher(stored(RETURNS, HOURS, GUIDE), HashedEmbedder())
    result = searcher.search("How do I return shoes?", full=True)
    assert result.hits[0].exact
    assert (result.hits[0].lexical_rank, result.hits[0].dense_rank) == (1, 1)
    assert len({hit.document.id for hit in result.hits}) == len(result.hits)


def test_a_question_in_other_words_cites_the_answer() -> None:
    (hit,) = Searcher(stored(RETURNS, HOURS), HashedEmbedder()).search("returning a shoe", 1).hits
    assert (hit.document.id, hit.passage.text, hit.exact) == ("returns.en", RETURNS.text, False)
    assert 0 <= hit.confidence <= 1


def test_an_article_is_found_once_by_its_best_passage() -> None:
    hits = Searcher(stored(GUIDE, HOURS), HashedEmbedder()).search("wash cotton").hits
    assert hits[0].passage.heading_path == ("Laundry",)
    assert [hit.document.id for hit in hits].count("guide") == 1


def test_the_language_of_the_question_chooses_between_translations() -> None:
    searcher = Searcher(stored(RETURNS, RETURNS_ZH), HashedEmbedder())
    assert ids(searcher, "我想退鞋子")[0] == "returns.zh"
    assert ids(searcher, "shoes: return them?")[0] == "returns.en"


def test_what_was_removed_is_not_found_again() -> None:
    store = stored(RETURNS, HOURS, GUIDE)
    searcher = Searcher(store, HashedEmbedder())
    assert ids(searcher, "clean leather")[0] == "guide"
    store.remove(["guide"])
    assert "guide" not in ids(searcher, "clean leather")
    store.remove(["returns.en"])
    assert "returns.en" not in ids(searcher, "How do I return shoes?")


def test_what_was_added_or_changed_is_found_at_once() -> None:
    store = stored(HOURS)
    searcher = Searcher(store, HashedEmbedder())
    assert ids(searcher, "return shoes") in (["hours.en"], [])
    put(store, RETURNS)
    assert ids(searcher, "return shoes")[0] == "returns.en"
    put(store, faq("returns.en", "Where is my parcel?", "On its way."))
    assert searcher.search("where is the parcel", 1).hits[0].passage.text == "On its way."


def test_missing_vectors_are_made_and_kept() -> None:
    store = MemoryKnowledgeStore()
    passages = split(RETURNS)
    other = HashedEmbedder(64)
    store.put([(RETURNS, passages, other.embed([passage.text for passage in passages]))], other.name)
    assert ids(Searcher(store, HashedEmbedder()), "return a shoe") == ["returns.en"]
    assert all(vector is not None for _, vector in store.passages(HashedEmbedder().name))


@pytest.mark.parametrize(
    "query", ["", "   ", "？！", "😀", "\ud800", "a" * 100_000, "body:[a TO b] AND (", "\x00\x07", "שלום"]
)
def test_any_text_can_be_asked(query: str) -> None:
    result = Searcher(stored(RETURNS, GUIDE), HashedEmbedder()).search(query)
    assert all(0 <= hit.confidence <= 1 for hit in result.hits)


def test_an_empty_knowledge_base_finds_nothing() -> None:
    result = Searcher(MemoryKnowledgeStore(), HashedEmbedder()).search("anything")
    assert (result.hits, result.documents) == ((), 0)


def test_given_thresholds_are_kept() -> None:
    wanted = Thresholds(0.9, 0.2)
    assert Searcher(stored(RETURNS), HashedEmbedder(), thresholds=wanted).search("shoe").thresholds == wanted


def test_a_snapshot_saves_the_next_process_the_work(tmp_path: Path) -> None:
    store = stored(RETURNS, GUIDE)
    Searcher(store, HashedEmbedder(), tmp_path).refresh()
    (manifest,) = store.snapshots
    assert (manifest.documents, manifest.revision) == (2, store.revision())
    found = snapshot.load(tmp_path, HashedEmbedder().name, 256)
    assert found is not None
    assert found.manifest == manifest
    assert ids(Searcher(store, HashedEmbedder(), tmp_path), "clean leather")[0] == "guide"


def test_an_unchanged_knowledge_base_is_neither_segmented_nor_calibrated_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = stored(RETURNS, GUIDE)
    first = Searcher(store, HashedEmbedder(), tmp_path).search("clean leather")
    assert len(store.snapshots) == 1

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the snapshot has this already")

    monkeypatch.setattr("retrieval.thresholds.calibrate", refused)
    monkeypatch.setattr("retrieval.index.state.words", refused)
    embedder = Counting()
    again = Searcher(store, embedder, tmp_path).search("clean leather")
    assert (again.hits, again.thresholds) == (first.hits, first.thresholds)
    assert embedder.embedded == 1  # the question
    assert len(store.snapshots) == 1


def test_a_change_reads_the_passages_of_the_changed_documents_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    store = stored(RETURNS, GUIDE)
    searcher = Searcher(store, HashedEmbedder())
    searcher.refresh()
    put(store, HOURS)
    asked: list[set[str] | None] = []
    read = store.passages

    def noted(embedder: str, document_ids: set[str] | None = None) -> Iterator[tuple[Passage, Any]]:
        asked.append(document_ids)
        return read(embedder, document_ids)

    monkeypatch.setattr(store, "passages", noted)
    assert ids(searcher, "opening at nine")[0] == "hours.en"
    assert asked == [{"hours.en"}]


def test_old_snapshots_are_pruned(tmp_path: Path) -> None:
    store = stored(RETURNS)
    searcher = Searcher(store, HashedEmbedder(), tmp_path)
    for number in range(4):
        put(store, faq(f"n{number}", f"Question {number}?", "Answer."))
        searcher.refresh()
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 2


@pytest.mark.parametrize("damage", ["words.json", "manifest.json"])
def test_a_broken_snapshot_is_seen_and_built_anew(tmp_path: Path, damage: str) -> None:
    store = stored(RETURNS, GUIDE)
    Searcher(store, HashedEmbedder(), tmp_path).refresh()
    (folder,) = (path for path in tmp_path.iterdir() if path.is_dir())
    (folder / damage).write_bytes(b"{}" + (folder / damage).read_bytes()[:-7])
    with pytest.raises(SnapshotError, match="built anew"):
        snapshot.load(tmp_path, HashedEmbedder().name, 256)
    assert ids(Searcher(store, HashedEmbedder(), tmp_path), "clean leather")[0] == "guide"


def test_a_snapshot_of_another_embedder_is_refused(tmp_path: Path) -> None:
    Searcher(stored(RETURNS), HashedEmbedder(), tmp_path).refresh()
    with pytest.raises(SnapshotError):
        snapshot.load(tmp_path, "another", 256)
    assert json.loads(next(tmp_path.glob("*/manifest.json")).read_text())["embedder"] == "hashed-256"


def test_threads_search_while_documents_come_and_go() -> None:
    store = stored(RETURNS, HOURS, GUIDE)
    searcher = Searcher(store, HashedEmbedder())

    def change() -> None:
        for _ in range(5):
            store.remove(["guide"])
            assert "guide" not in ids(searcher, "clean leather")
            put(store, GUIDE)

    def look() -> set[str]:
        return {key for _ in range(10) for key in ids(searcher, "return shoes leather")}

    with ThreadPoolExecutor(4) as pool:
        changing = pool.submit(change)
        seen = [pool.submit(look) for _ in range(3)]
        changing.result()
        assert all("returns.en" in future.result() for future in seen)


def test_a_question_is_answered_in_its_own_language_where_the_entry_has_a_twin_in_it() -> None:
    searcher = Searcher(stored(RETURNS, RETURNS_ZH, HOURS), HashedEmbedder())
    assert ids(searcher, "How do I return shoes?", language="zh")[:2] == ["returns.zh", "returns.en"]
    assert ids(searcher, "How do I return shoes?", k=1, language="zh") == ["returns.zh"]


def test_a_question_is_answered_in_a_language_that_was_chosen_where_the_entry_has_a_twin_in_it() -> None:
    searcher = Searcher(stored(RETURNS, RETURNS_ZH, HOURS), HashedEmbedder())
    assert ids(searcher, "How do I return shoes?", language="en", answer_in="zh")[:2] == ["returns.zh", "returns.en"]
    assert ids(searcher, "When are you open?", k=1, language="en", answer_in="zh") == ids(
        searcher, "When are you open?", k=1, language="en"
    )
