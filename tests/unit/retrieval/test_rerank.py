"""Reranking: another order of what was found, and confidence that stays sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.doors.reranking import RerankerDoor
from models.errors import EngineFailed
from models.tasks.rerank import CrossEncoderReranker
from retrieval.embedding.hashed import HashedEmbedder
from retrieval.errors import RerankingFailed
from retrieval.memory import MemoryKnowledgeStore
from retrieval.rerank import reranked
from retrieval.search import Searcher
from retrieval.types import Document, DocumentKind, Hit, Passage, PassageRole
from tests.support.tiny_reranker import ANSWERS, build_tiny_reranker
from tests.unit.retrieval.test_search import GUIDE, HOURS, RETURNS, stored


class Says:
    """Gives the scores it was told to, and keeps what it was asked."""

    def __init__(self, scores: Sequence[float] = ()) -> None:
        self.scores = scores
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def score(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        self.asked.append((query, tuple(passages)))
        return self.scores or [0.0] * len(passages)


class Breaks:
    def score(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        raise RerankingFailed("no memory")


def hit(name: str, confidence: float, *, exact: bool = False) -> Hit:
    document = Document(name, DocumentKind.ARTICLE, name, f"text of {name}", "en", f"{name}.md", name)
    passage = Passage(f"{name}#0", name, 0, PassageRole.TEXT, document.text, 0, 9, "en", ("Above",))
    return Hit(passage, document, confidence, confidence, exact=exact)


FOUND = [hit("a", 0.8), hit("b", 0.3), hit("c", 0.1)]


def names(hits: Sequence[Hit]) -> list[str]:
    return [one.document.id for one in hits]


def test_the_order_is_the_rerankers_and_ties_stay() -> None:
    says = Says([0.1, 0.9, 0.1])
    assert names(reranked(says, "q", FOUND)) == ["b", "a", "c"]
    assert says.asked == [("q", ("Above\ntext of a", "Above\ntext of b", "Above\ntext of c"))]


def test_what_is_likelier_than_not_takes_the_first_ones_confidence_and_a_doubtful_first_keeps_its_own() -> None:
    assert [one.confidence for one in reranked(Says([0.1, 0.9, 0.0]), "q", FOUND)] == [0.8, 0.8, 0.1]
    assert [one.confidence for one in reranked(Says([0.1, 0.4, 0.0]), "q", FOUND)] == [0.3, 0.8, 0.1]


def test_an_exact_wording_stays_first() -> None:
    hits = [hit("x", 1.0, exact=True), *FOUND]
    assert names(reranked(Says([0.1, 0.2, 0.3]), "q", hits)) == ["x", "c", "b", "a"]


def test_a_reranker_that_breaks_changes_nothing() -> None:
    assert reranked(Breaks(), "q", FOUND) == FOUND
    assert reranked(Breaks(), "q", []) == []


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_nothing_is_lost_or_made_surer_than_fusion_was(scores: list[float]) -> None:
    done = reranked(Says(scores), "q", FOUND)
    assert sorted(names(done)) == ["a", "b", "c"]
    assert all(one.confidence <= 0.8 for one in done)
    same = {one.document.id: one for one in FOUND}
    assert all(replace(one, confidence=0) == replace(same[one.document.id], confidence=0) for one in done)


def test_search_reads_more_than_it_gives_and_reorders() -> None:
    says = Says()
    searcher = Searcher(stored(RETURNS, HOURS, GUIDE), HashedEmbedder(), reranker=says)
    plain = Searcher(stored(RETURNS, HOURS, GUIDE), HashedEmbedder()).search("returning a shoe", 3)
    (first,) = searcher.search("returning a shoe", 1).hits
    assert first == plain.hits[0]
    ((_, passages),) = says.asked
    assert len(passages) == len(plain.hits)


def test_a_real_cross_encoder_finds_what_words_do_not(tmp_path: Path) -> None:
    from retrieval.ingest import Ingestor

    store, embedder = MemoryKnowledgeStore(), HashedEmbedder()
    ingestor = Ingestor(store, embedder)
    for number, answer in enumerate(ANSWERS.values()):
        assert [outcome.reason for outcome in ingestor.add_bytes(f"{number}.md", answer.encode())] == [None]
    reranker = RerankerDoor(CrossEncoderReranker(build_tiny_reranker(tmp_path / "reranker"), device="cpu"))
    searcher = Searcher(store, embedder, reranker=reranker)
    plain = Searcher(store, embedder)
    moved = 0
    for number, question in enumerate(ANSWERS):
        before = names(plain.search(question, 4, full=True).hits)
        after = names(searcher.search(question, 4, full=True).hits)
        assert sorted(before) == sorted(after)
        if str(number) in after:
            assert after[0] == str(number)
            moved += before[0] != after[0]
    assert moved


def test_the_door_turns_the_models_errors_into_retrievals() -> None:
    class Broken:
        name = "broken"

        def score(self, query: str, passages: Sequence[str]) -> list[float]:
            raise EngineFailed("It ran out of memory.")

    with pytest.raises(RerankingFailed, match="out of memory"):
        RerankerDoor(Broken()).score("q", ["p"])
