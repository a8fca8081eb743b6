"""An embedder that does not work at the moment: the words answer, and vectors count again once it works."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from retrieval.current import COMPLETE_EVERY
from retrieval.embedding.hashed import HashedEmbedder
from retrieval.errors import EmbeddingFailed
from retrieval.memory import MemoryKnowledgeStore
from retrieval.ports import Use
from retrieval.search import Searcher
from retrieval.types import SearchResult
from tests.unit.retrieval.test_search import GUIDE, HOURS, RETURNS, put, stored

if TYPE_CHECKING:
    from retrieval.ports import Vectors

QUESTION = "returning a shoe"


class Server(HashedEmbedder):
    """An embedder that is on or off. While it was never on, not even the length of its vectors is known."""

    def __init__(self, on: bool = True) -> None:
        super().__init__()
        self.on = on
        self.known = on

    @property
    def dimension(self) -> int:
        if not self.known:
            self._ask()
        return super().dimension

    def embed(self, texts: Sequence[str], use: Use = "passage") -> Vectors:
        self._ask()
        return super().embed(texts, use)

    def _ask(self) -> None:
        if not self.on:
            raise EmbeddingFailed("The server does not answer.")
        self.known = True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def by_vectors(result: SearchResult) -> bool:
    return any(hit.dense_rank is not None for hit in result.hits)


def test_the_words_answer_while_it_is_off_and_vectors_once_it_is_back() -> None:
    server = Server()
    searcher = Searcher(stored(RETURNS, HOURS, GUIDE), server)
    before = searcher.search(QUESTION)
    server.on = False
    during = searcher.search(QUESTION)
    assert [hit.document.id for hit in during.hits][:1] == ["returns.en"]
    assert not by_vectors(during)
    assert during.hits[0].lexical_rank == 1
    assert searcher.parts(QUESTION).dense == []
    server.on = True
    assert searcher.search(QUESTION) == before
    assert by_vectors(before)


def test_how_sure_it_is_and_what_is_sure_enough_are_those_of_words_alone() -> None:
    """A curated answer by words alone must be surer than one by vectors."""
    store = stored(RETURNS, HOURS, GUIDE)
    blind = Searcher(store, HashedEmbedder(languages=frozenset({"de"}))).search(QUESTION)
    server = Server()
    searcher = Searcher(store, server)
    searcher.search(QUESTION)
    server.on = False
    during = searcher.search(QUESTION)
    assert during.thresholds.curated == during.thresholds.curated_glossed
    assert [(hit.document.id, hit.confidence) for hit in during.hits] == [
        (hit.document.id, hit.confidence) for hit in blind.hits
    ]


def test_started_while_it_is_off(clock: Clock, tmp_path: Path) -> None:
    server = Server(on=False)
    store = stored(RETURNS, HOURS, GUIDE)
    searcher = Searcher(store, server, tmp_path / "index", now=clock)
    searcher.refresh()
    during = searcher.search(QUESTION)
    assert during.hits[0].document.id == "returns.en"
    assert not (tmp_path / "index").exists()  # what has no vectors is no snapshot
    server.on = True
    clock.now += COMPLETE_EVERY
    assert searcher.search(QUESTION) == Searcher(store, HashedEmbedder()).search(QUESTION)
    assert (tmp_path / "index").exists()


def test_what_has_no_vectors_yet_gets_them_once_it_is_back(clock: Clock) -> None:
    server = Server()
    store = stored(RETURNS, HOURS)
    searcher = Searcher(store, server, now=clock)
    searcher.search(QUESTION)
    put(store, GUIDE)
    store._vectors = {}  # another embedder's
    server.on = False
    found = searcher.search("washing cotton at forty degrees")
    assert found.hits[0].document.id == "guide"
    server.on = True
    clock.now += COMPLETE_EVERY
    assert by_vectors(searcher.search("washing cotton at forty degrees"))
    assert store.without_vectors(server.name) == []


def test_passages_that_cannot_be_embedded_are_not_tried_at_each_question(clock: Clock) -> None:
    tried = []

    class Picky(Server):
        def embed(self, texts: Sequence[str], use: Use = "passage") -> Vectors:
            if use == "passage":
                tried.append(len(texts))
                raise EmbeddingFailed("It refuses the request.")
            return super().embed(texts, use)

    store = MemoryKnowledgeStore()
    put(store, RETURNS)
    store._vectors = {}
    searcher = Searcher(store, Picky(), now=clock)
    for _ in range(5):
        assert searcher.search(QUESTION).hits[0].document.id == "returns.en"
    assert len(tried) == 1
    clock.now += COMPLETE_EVERY
    searcher.search(QUESTION)
    assert len(tried) == 2
