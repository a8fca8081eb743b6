from pathlib import Path

import pytest

from retrieval.embedding.hashed import HashedEmbedder
from retrieval.ingest import Ingestor
from retrieval.memory import MemoryKnowledgeStore
from retrieval.types import IngestOutcome

FAQ = "- {id: a, question: How, answer: So.}\n- {id: b, question: Why, answer: Because.}\n"


@pytest.fixture
def store() -> MemoryKnowledgeStore:
    return MemoryKnowledgeStore()


@pytest.fixture
def ingestor(store: MemoryKnowledgeStore) -> Ingestor:
    return Ingestor(store, HashedEmbedder())


def told(outcomes: object) -> list[tuple[str, str | None]]:
    assert not isinstance(outcomes, IngestOutcome)
    return [(outcome.status.value, outcome.document_id) for outcome in outcomes]  # type: ignore[attr-defined]


def test_a_file_is_added_then_unchanged_then_replaced(tmp_path: Path, ingestor: Ingestor) -> None:
    file = tmp_path / "faq.yaml"
    file.write_text(FAQ)
    assert told(ingestor.add([file])) == [("added", "a"), ("added", "b")]
    assert told(ingestor.add([file])) == [("unchanged", "a"), ("unchanged", "b")]
    file.write_text(FAQ.replace("So.", "Like this."))
    assert sorted(told(ingestor.add([file]))) == [("replaced", "a"), ("unchanged", "b")]


def test_what_a_file_no_longer_has_is_removed(tmp_path: Path, ingestor: Ingestor, store: MemoryKnowledgeStore) -> None:
    file = tmp_path / "faq.yaml"
    file.write_text(FAQ)
    list(ingestor.add([file]))
    file.write_text(FAQ.splitlines()[0])
    assert ("removed", "b") in told(ingestor.add([file]))
    assert [document.id for document in store.documents()] == ["a"]


def test_a_broken_file_loses_nothing_that_is_stored(
    tmp_path: Path, ingestor: Ingestor, store: MemoryKnowledgeStore
) -> None:
    file = tmp_path / "faq.yaml"
    file.write_text(FAQ)
    list(ingestor.add([file]))
    for broken in ("- {id: a, question: [", "- {id: a, question: How, answer: So.}\n- {id: b, question: Why}\n"):
        file.write_text(broken)
        (refused,) = (outcome for outcome in ingestor.add([file]) if outcome.status == "refused")
        assert refused.reason is not None
        assert refused.reason.startswith("line ")
        assert [document.id for document in store.documents()] == ["a", "b"]


def test_an_id_of_another_source_is_refused_with_both_named(tmp_path: Path, ingestor: Ingestor) -> None:
    first, second = tmp_path / "x" / "note.md", tmp_path / "y" / "note.md"
    for path in (first, second):
        path.parent.mkdir()
        path.write_text("Hello there.")
    list(ingestor.add([first]))
    (outcome,) = ingestor.add([second])
    assert outcome.status == "refused"
    assert str(first.resolve()) in str(outcome.reason)
    assert str(second.resolve()) in str(outcome.reason)


def test_a_folder_is_read_with_all_below_it(tmp_path: Path, ingestor: Ingestor) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "one.md").write_text("# One\n\nText.")
    (tmp_path / "two.txt").write_text("Text.")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    assert sorted(told(ingestor.add([tmp_path]))) == [("added", "one"), ("added", "two")]


def test_what_cannot_be_opened_is_refused_with_its_reason(tmp_path: Path, ingestor: Ingestor) -> None:
    (tmp_path / "empty").mkdir()
    outcomes = list(ingestor.add([tmp_path / "nowhere.md", tmp_path / "empty"]))
    assert ["no such file" in str(outcomes[0].reason), "no file that Parley reads" in str(outcomes[1].reason)] == [
        True,
        True,
    ]


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path, store: MemoryKnowledgeStore) -> None:
    (tmp_path / "big.txt").write_bytes(b"word " * 1000)
    (outcome,) = Ingestor(store, HashedEmbedder(), max_bytes=1000).add([tmp_path / "big.txt"])
    assert outcome.status == "refused"
    assert "split it" in str(outcome.reason)


def test_documents_are_removed_by_id_or_by_source(
    tmp_path: Path, ingestor: Ingestor, store: MemoryKnowledgeStore
) -> None:
    file = tmp_path / "faq.yaml"
    file.write_text(FAQ)
    list(ingestor.add([file]))
    assert ingestor.remove(["a"]) == 1
    assert ingestor.remove([str(file)]) == 1
    assert ingestor.remove(["a"]) == 0
    assert not store.documents()


def test_many_passages_go_in_several_batches(ingestor: Ingestor, store: MemoryKnowledgeStore) -> None:
    rows = "".join(f'{{"id": "q{n}", "question": "Question {n}?", "answer": "Answer {n}."}}\n' for n in range(100))
    assert len(list(ingestor.add_bytes("faq.jsonl", rows.encode()))) == 100
    assert store.revision() > 1
    assert all(vector is not None for _, vector in store.passages("hashed-256"))
