"""`parley kb`: what goes in, what is found, what is gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.conftest import Parley


def test_adding_tells_what_became_of_each_document(parley: Parley, tmp_path: Path) -> None:
    faq = tmp_path / "faq.jsonl"
    faq.write_text('{"id": "a", "question": "What is A?", "answer": "The first letter."}\n{"id": "b"}\n', "utf-8")
    first = parley("kb", "add", str(faq), "--json")
    assert [(row["status"], row.get("document_id")) for row in first.rows] == [("refused", None), ("added", "a")]
    assert first.rows[0]["reason"].startswith("line 2: ")
    assert first.code == 2
    faq.write_text('{"id": "a", "question": "What is A?", "answer": "The first letter."}\n', "utf-8")
    assert [row["status"] for row in parley("kb", "add", str(faq), "--json").rows] == ["unchanged"]
    faq.write_text('{"id": "a", "question": "What is A?", "answer": "A vowel."}\n', "utf-8")
    again = parley("kb", "add", str(faq))
    assert (again.code, again.out.split()[:2]) == (0, ["replaced", "a"])
    assert [row["text"] for row in parley("ask", "What is A?", "--json").rows] == ["A vowel."]


def test_a_refusal_is_said_in_the_terminals_language(
    parley: Parley, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faq = tmp_path / "faq.jsonl"
    faq.write_text('{"id": "b"}\n', "utf-8")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    done = parley("kb", "add", str(faq))
    assert (done.code, done.out.strip().endswith("第 1 行：这一条没有问题；请加上字段 `question`。")) == (2, True)
    (row,) = parley("kb", "add", str(faq), "--json").rows
    assert row["reason"] == "line 1: this entry has no question; add the field `question`."
    assert row["refusal"] == {"code": "no-question", "values": {}, "line": 1}


def test_what_a_file_no_longer_has_is_removed(parley: Parley, tmp_path: Path) -> None:
    faq = tmp_path / "faq.jsonl"
    both = [
        '{"id": "a", "question": "What is A?", "answer": "A vowel."}',
        '{"id": "b", "question": "B?", "answer": "B."}',
    ]
    faq.write_text("\n".join(both), "utf-8")
    assert parley("kb", "add", str(faq)).code == 0
    faq.write_text(both[1], "utf-8")
    assert {(row["document_id"], row["status"]) for row in parley("kb", "add", str(faq), "--json").rows} == {
        ("a", "removed"),
        ("b", "unchanged"),
    }


def test_standard_input_is_known_by_its_content_or_by_the_name_it_is_given(parley: Parley) -> None:
    row = '{"id": "a", "question": "What is A?", "answer": "A vowel."}'
    assert parley("kb", "add", "-", stdin=row).out.split()[:2] == ["added", "a"]
    article = parley("kb", "add", "-", "--name", "opening.md", stdin="# Opening\n\nThe shop opens at nine.\n")
    assert article.out.split()[:2] == ["added", "opening"]
    faq = parley("kb", "add", "-", "--name", "more.csv", stdin="id,question,answer\nb,What is B?,A consonant.\n")
    assert faq.out.split()[:2] == ["added", "b"]
    wrong = parley("kb", "add", "-", "--name", "photo.jpeg", stdin="x")
    assert (wrong.code, "photo.jpeg" in wrong.sentence) == (2, True)


def test_listing_shows_each_document(parley: Parley, shop: Path) -> None:
    rows = parley("kb", "list", "--json").rows
    assert {row["id"] for row in rows} >= {"return-window", "return-window.zh", "shipping"}
    assert all(row.keys() == {"id", "kind", "language", "title", "source", "tags"} for row in rows)
    assert {row["kind"] for row in rows if row["source"] == str(shop / "shipping.md")} == {"article"}
    shown = parley("kb", "list")
    assert len(shown.out.splitlines()) == len(rows)
    assert f"{len(rows)} documents" in shown.err


def test_listing_an_empty_knowledge_base_says_how_to_fill_it(parley: Parley) -> None:
    shown = parley("kb", "list")
    assert (shown.code, shown.out) == (0, "")
    assert "parley kb add" in shown.err
    assert parley("kb", "list", "--json").out == ""


@pytest.mark.usefixtures("shop")
def test_a_removed_document_is_not_found_from_then_on(parley: Parley) -> None:
    assert parley("ask", "How long does a refund take?", "--json").rows[0]["outcome"] == "curated"
    assert parley("kb", "remove", "refund-time", "--json").rows == [{"id": "refund-time", "removed": 1}]
    found = parley("kb", "search", "How long does a refund take?", "--json", "-k", "100").rows
    assert found
    assert "refund-time" not in {row["document"] for row in found}
    assert "refund-time" not in {row["id"] for row in parley("kb", "list", "--json").rows}


def test_a_file_is_removed_with_all_that_came_from_it(parley: Parley, shop: Path) -> None:
    done = parley("kb", "remove", str(shop / "faq.yaml"), "nobody", "--json")
    assert done.rows == [{"id": str(shop / "faq.yaml"), "removed": 5}, {"id": "nobody", "removed": 0}]
    assert (done.code, "nobody" in done.sentence) == (3, True)
    assert {row["id"] for row in parley("kb", "list", "--json").rows} == {"shipping"}


@pytest.mark.usefixtures("shop")
def test_search_shows_how_each_document_was_found(parley: Parley) -> None:
    rows = parley("kb", "search", "glass wrapped in paper", "-k", "3", "--json").rows
    assert len(rows) == 3
    assert all(
        row.keys() >= {"document", "title", "passage", "score", "confidence", "lexical_rank", "dense_rank"}
        for row in rows
    )
    assert next(row["lexical_rank"] for row in rows if row["document"] == "shipping") == 1
    shown = parley("kb", "search", "glass wrapped in paper").out.splitlines()
    assert "lexical" in shown[1]
    assert "dense" in shown[1]
    assert any("shipping" in line for line in shown[2:])


@pytest.mark.usefixtures("shop")
def test_evaluation_counts_what_search_finds(parley: Parley, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    asked = [
        {"question": "How long does a refund take?", "relevant": ["refund-time"]},
        {"question": "How long does a refund take?", "relevant": ["no-such-entry"]},
    ]
    questions.write_text("\n".join(json.dumps(row) for row in asked), "utf-8")
    (measured,) = parley("kb", "eval", str(questions), "--json").rows
    assert measured == {"recall@1": 0.5, "recall@5": 0.5, "recall@10": 0.5, "mrr@10": 0.5, "n": 2}
    (parts,) = parley("kb", "eval", str(questions), "--json", "--parts").rows
    assert parts["parts"].keys() == {"lexical", "dense"}
    assert parts["parts"]["lexical"]["n"] == 2
    shown = parley("kb", "eval", str(questions), "--parts")
    assert "questions.jsonl, line 2: no document has the id “no-such-entry”" in shown.err
    assert "refund-time" not in shown.err
    table = shown.out.splitlines()
    assert [line.split()[0] for line in table] == ["recall@1", "fused", "lexical", "dense"]


@pytest.mark.usefixtures("shop")
def test_a_bad_evaluation_file_names_its_line(parley: Parley, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"question": "a", "relevant": ["b"]}\n{"question": "a"}\n', "utf-8")
    done = parley("kb", "eval", str(questions))
    assert (done.code, "line 2" in done.sentence) == (2, True)
    assert parley("kb", "eval", str(tmp_path / "none.jsonl")).code == 2


def test_what_was_asked_in_vain_is_shown_to_the_operator(
    parley: Parley, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_KNOWLEDGE__ANSWERABLE_THRESHOLD", "1.0")  # a random embedder finds everything near
    assert "No question" in parley("kb", "unanswered").err
    for question in ("Who painted the Mona Lisa?", "who painted the  Mona Lisa?", "Can fish whistle?"):
        parley("ask", question)
    rows = parley("kb", "unanswered", "--json").rows
    assert [(row["question"], row["times"]) for row in rows] == [
        ("Who painted the Mona Lisa?", 2),
        ("Can fish whistle?", 1),
    ]
    assert "2 ×  Who painted the Mona Lisa?" in parley("kb", "unanswered", "-n", "1").out
