"""Reranking with a real cross-encoder, trained on the spot."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.errors import InvalidWeights
from models.tasks.rerank import CrossEncoderReranker
from tests.support.tiny_models import build_tiny_bert
from tests.support.tiny_reranker import ANSWERS, build_tiny_reranker


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_reranker(tmp_path_factory.mktemp("models") / "tiny-reranker")


def test_each_question_finds_its_answer_first(folder: Path) -> None:
    reranker = CrossEncoderReranker(folder, device="cpu")
    for question, answer in ANSWERS.items():
        scores = reranker.score(question, list(ANSWERS.values()))
        assert all(0 <= score <= 1 for score in scores)
        assert list(ANSWERS.values())[scores.index(max(scores))] == answer
    assert reranker.name == "tiny-reranker"
    assert reranker.score("when do you open", []) == []


def test_scores_stand_in_the_order_of_the_passages_and_do_not_depend_on_their_company(folder: Path) -> None:
    reranker = CrossEncoderReranker(folder, device="cpu")
    passages = [*ANSWERS.values(), "send " * 40, "the"] * 5  # more than a batch, of many lengths
    together = reranker.score("when do you open", passages)
    alone = [reranker.score("when do you open", [passage])[0] for passage in passages]
    assert together == pytest.approx(alone, abs=1e-4)


def test_a_long_question_and_a_long_passage_are_read_by_their_beginnings(folder: Path) -> None:
    reranker = CrossEncoderReranker(folder, device="cpu")
    question = "when do you open " + "mug " * 500
    assert len(reranker.score(question, ["the shop opens at nine " * 300, ""])) == 2
    assert reranker.score("\ud800", ["\ud800 broken"])


def test_two_classes_are_no_and_yes(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(build_tiny_reranker(tmp_path / "two", classes=2), device="cpu")
    right, wrong = reranker.score("when do you open", ["the shop opens at nine", "send it back within thirty days"])
    assert right > 0.5 > wrong


def test_several_threads_may_ask_at_once(folder: Path) -> None:
    reranker = CrossEncoderReranker(folder, device="cpu")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda question: reranker.score(question, list(ANSWERS.values())), ANSWERS))
    assert [scores.index(max(scores)) for scores in found] == [0, 1, 2, 3]
    reranker.close()
    assert reranker.score("when do you open", ["the shop opens at nine"])[0] > 0.5


def test_a_classifier_of_many_classes_is_refused(tmp_path: Path) -> None:
    folder = build_tiny_bert(tmp_path / "classes", classes=("a", "b", "c"))
    with pytest.raises(InvalidWeights, match="no reranker"):
        CrossEncoderReranker(folder).score("a", ["b"])
    with pytest.raises(InvalidWeights, match="config"):
        (tmp_path / "empty").mkdir()
        CrossEncoderReranker(tmp_path / "empty")
