"""The door to the embedder: a failure is told once, and nobody waits for what is known to be off."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import pytest

from bot.doors.embedding import REST, EmbedderDoor
from bot.doors.knowledge import KnowledgeDoor, knowledge_errors
from bot.errors import ModelUnavailable
from models.errors import EngineFailed, ModelError, WeightsUnavailable
from retrieval.embedding.hashed import HashedEmbedder
from retrieval.embedding.lexicon import LexiconEmbedder
from retrieval.embedding.routed import RoutedEmbedder
from retrieval.errors import EmbeddingFailed
from retrieval.memory import MemoryKnowledgeStore
from retrieval.search import Searcher

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Model(HashedEmbedder):
    """An encoder that fails as long as it has an error."""

    def __init__(self, error: ModelError | None = None, languages: frozenset[str] = frozenset({"*"})) -> None:
        super().__init__(languages=languages)
        self.error = error
        self.asked = 0

    @property
    def dimension(self) -> int:
        self._answer()
        return super().dimension

    def embed(self, texts: Sequence[str], use: Literal["query", "passage"] = "passage") -> NDArray[np.float32]:
        self._answer()
        return super().embed(texts, use)

    def _answer(self) -> None:
        self.asked += 1
        if self.error is not None:
            raise self.error


OFF = EngineFailed("The server 'vectors' does not answer. Start it.")


def test_it_is_told_once_and_asked_again_after_a_rest(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    clock = [0.0]
    model = Model(OFF)
    door = EmbedderDoor(model, lambda: clock[0])
    for _ in range(5):
        with pytest.raises(EmbeddingFailed, match="Start it"):
            door.embed(["a"], "query")
    assert model.asked == 1
    clock[0] += REST
    with pytest.raises(EmbeddingFailed):
        door.embed(["a"], "query")
    assert model.asked == 2
    assert [record.getMessage() for record in caplog.records] == [
        "search goes by words alone until texts can be embedded again: The server 'vectors' does not answer. Start it."
    ]
    model.error = None
    clock[0] += REST
    door.embed(["a"], "query")
    door.embed(["a"], "query")
    assert [record.getMessage() for record in caplog.records[1:]] == ["texts can be embedded again"]


def test_what_is_missing_on_this_machine_is_no_outage() -> None:
    door = EmbedderDoor(Model(WeightsUnavailable("Fetch them.")))
    for _ in range(2):
        with pytest.raises(WeightsUnavailable):
            door.embed(["a"])


def test_one_that_reads_english_alone_can_be_off_from_the_start() -> None:
    door = EmbedderDoor(Model(OFF, frozenset({"en"})))
    routed = RoutedEmbedder(door, LexiconEmbedder(door))
    with pytest.raises(EmbeddingFailed):
        routed.embed(["怎么退鞋？"])


def test_adding_says_that_the_model_is_away() -> None:
    with pytest.raises(ModelUnavailable, match="does not answer"), knowledge_errors():
        EmbedderDoor(Model(OFF)).embed(["a"])


async def test_sentences_are_compared_by_words_alone() -> None:
    door = EmbedderDoor(Model(OFF))
    knowledge = KnowledgeDoor(Searcher(MemoryKnowledgeStore(), door), door)
    assert await knowledge.similarity(["a"], ["b", "c"]) == [[0.0, 0.0]]
