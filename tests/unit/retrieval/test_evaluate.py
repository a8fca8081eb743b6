from pathlib import Path

import pytest

from retrieval.calibrate import Judged, calibrate, entry_name, thresholds
from retrieval.chunking import split
from retrieval.embedding.hashed import HashedEmbedder
from retrieval.errors import EvaluationError
from retrieval.evaluate import Question, evaluate, parse_questions, read_questions, scores
from retrieval.fusion import Sight
from retrieval.index.state import IndexState
from retrieval.ingest import Ingestor
from retrieval.memory import MemoryKnowledgeStore
from retrieval.search import Searcher
from retrieval.types import Thresholds
from tests.unit.retrieval.builders import faq


def test_scores_count_documents_by_rank() -> None:
    questions = [Question("a", frozenset({"x"})), Question("b", frozenset({"y"})), Question("c", frozenset({"z"}))]
    measured = scores([["x", "y"], ["x", "y"], ["x"]], questions)
    assert measured["recall@1"] == pytest.approx(1 / 3)
    assert measured["recall@5"] == pytest.approx(2 / 3)
    assert measured["mrr@10"] == pytest.approx(0.5)
    assert measured["n"] == 3


def test_evaluation_asks_the_search_and_its_parts() -> None:
    store = MemoryKnowledgeStore()
    rows = b'{"id":"r","question":"How do I return shoes?","answer":"By post."}\n'
    rows += b'{"id":"o","question":"When do you open?","answer":"At nine."}\n'
    list(Ingestor(store, HashedEmbedder()).add_bytes("f.jsonl", rows))
    searcher = Searcher(store, HashedEmbedder())
    questions = parse_questions(['{"question": "returning shoes", "relevant": ["r"]}', ""])
    measured = evaluate(searcher, questions, parts=True)
    assert measured["recall@1"] == measured["parts"]["lexical"]["recall@1"] == measured["parts"]["dense"]["mrr@10"] == 1
    assert "parts" not in evaluate(searcher, questions)


@pytest.mark.parametrize(
    "line", ["nope", "[]", '{"question": ""}', '{"question": "a"}', '{"question": "a", "relevant": [1]}']
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "eval.jsonl"
    file.write_text('{"question": "a", "relevant": ["b"]}\n' + line)
    with pytest.raises(EvaluationError, match="line 2"):
        read_questions(file)


def test_a_file_that_is_missing_or_empty_is_told(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="check the path"):
        read_questions(tmp_path / "none.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(EvaluationError, match="no questions"):
        read_questions(tmp_path / "empty.jsonl")


def judged(*pairs: tuple[float, bool]) -> list[Judged]:
    return [Judged(confidence, right, has_entry=True) for confidence, right in pairs] * 30


def test_thresholds_follow_where_wrong_answers_end() -> None:
    clean = thresholds(judged((0.75, True), (0.2, False)))
    noisy = thresholds(judged((0.75, True), (0.86, False), (0.2, False)))
    assert clean.curated_glossed < Thresholds().curated_glossed < noisy.curated_glossed
    assert clean.curated <= clean.curated_glossed  # a language that is read is trusted sooner than one that is glossed
    assert 0 < clean.answerable <= clean.curated


def test_few_wordings_leave_the_curated_threshold_near_its_default() -> None:
    few, many = thresholds(judged((0.75, True))[:5]), thresholds(judged((0.75, True)) * 9)
    assert many.curated_glossed < few.curated_glossed < Thresholds().curated_glossed


def test_foreign_questions_set_what_is_answerable() -> None:
    low, high = [n / 300 for n in range(30)], [n / 50 for n in range(30)]
    assert thresholds([], low).answerable < thresholds([], high).answerable
    kept = thresholds(judged((0.3, True)), high).answerable
    assert kept < thresholds(judged((0.9, True)), high).answerable


def test_a_question_without_its_entry_weighs_less_than_a_wrong_answer() -> None:
    pairs = judged((0.8, True))
    missing = thresholds([*pairs, *(Judged(0.9, right=False, has_entry=False) for _ in range(5))])
    wrong = thresholds([*pairs, *(Judged(0.9, right=False, has_entry=True) for _ in range(5))])
    assert missing.curated_glossed < wrong.curated_glossed


def test_a_small_knowledge_base_keeps_the_measured_thresholds() -> None:
    assert calibrate(IndexState(8), {}) == Thresholds()


def test_calibration_counts_a_translation_as_the_same_entry() -> None:
    assert entry_name("returns.en") == entry_name("returns.zh") == "returns"
    assert entry_name("v1.2024") == "v1.2024"
    embedder, state = HashedEmbedder(), IndexState(256)
    colours = ["red", "green", "blue", "white", "black", "brown", "pink", "grey", "gold", "silver", "violet", "amber"]
    for colour in colours:
        document = faq(f"{colour}.en", f"Do you sell {colour} shoes?", "Yes.", f"Is there a {colour} pair of shoes?")
        passages = split(document)
        state.add([document], zip(passages, embedder.embed([p.text for p in passages]), strict=True))
    chosen = calibrate(state, {"en": Sight.FLUENT})
    assert 0 < chosen.answerable <= chosen.curated <= 0.95
