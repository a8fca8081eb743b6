"""`parley ask`: one turn, for people and for programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.conftest import Parley
from tests.support.history import history

KEYS = {"text", "citations", "skill", "outcome", "language", "timings_ms"}


@pytest.mark.usefixtures("shop")
def test_a_known_question_gets_the_curated_answer_word_for_word(parley: Parley) -> None:
    done = parley("ask", "How long does a refund take?", "--json")
    (answer,) = done.rows
    assert answer.keys() >= KEYS
    assert (done.code, done.err) == (0, "")
    assert answer["text"] == "The refund is paid within 5 working days."
    assert (answer["skill"], answer["outcome"], answer["language"]) == ("answer", "curated", "en")
    (citation,) = answer["citations"]
    assert citation.keys() >= {"document", "title", "passage", "score"}
    assert (citation["document"], citation["score"]) == ("refund-time", 1.0)
    assert citation["title"] == "How long does a refund take?"
    assert citation["passage"] == answer["text"]
    assert answer["timings_ms"]["search"] >= 0


@pytest.mark.usefixtures("shop")
def test_a_chinese_question_gets_the_chinese_answer(parley: Parley) -> None:
    (answer,) = parley("ask", "怎么开发票？", "--json").rows
    assert answer["language"] == "zh"
    assert answer["text"].startswith("在订单页面点击")


@pytest.mark.usefixtures("shop")
def test_a_person_sees_the_answer_and_its_source(parley: Parley) -> None:
    done = parley("ask", "How long does a refund take?")
    assert done.out.splitlines() == [
        "The refund is paid within 5 working days.",
        "  [1] How long does a refund take? [refund-time] 1.00",
    ]


@pytest.mark.usefixtures("shop")
def test_what_is_not_known_is_said_so_with_the_nearest_questions(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_KNOWLEDGE__CURATED_THRESHOLD", "1")
    monkeypatch.setenv("PARLEY_KNOWLEDGE__ANSWERABLE_THRESHOLD", "1")
    (answer,) = parley("ask", "Do you sell boats to pirates?", "--json").rows
    assert (answer["outcome"], answer["citations"]) == ("unknown", [])
    assert 0 < len(answer["suggestions"]) <= 3
    shown = parley("ask", "Do you sell boats to pirates?")
    assert shown.code == 0
    assert f"  - {answer['suggestions'][0]}" in shown.out.splitlines()


def test_an_empty_knowledge_base_says_how_to_fill_it(parley: Parley) -> None:
    (answer,) = parley("ask", "How long does a refund take?", "--json").rows
    assert answer["outcome"] == "unknown"
    assert "parley kb add" in answer["text"]


@pytest.mark.usefixtures("shop")
def test_standard_input_gives_a_question_a_line_each_in_a_conversation_of_its_own(parley: Parley) -> None:
    done = parley("ask", "-", "--json", stdin="How long does a refund take?\r\n\n  \n怎么开发票？")
    first, second = done.rows
    assert (first["language"], second["language"]) == ("en", "zh")
    assert first["conversation"] != second["conversation"]


@pytest.mark.usefixtures("shop")
def test_a_bad_line_is_told_in_its_place_and_does_not_end_the_others(parley: Parley) -> None:
    lines = ["How long does a refund take?", "x" * 100_000, "When is the shop open?"]
    done = parley("ask", "-", "--json", stdin="\n".join(lines))
    first, second, third = done.rows
    assert (first["outcome"], third["outcome"]) == ("curated", "curated")
    assert "8000" in second["error"]
    assert (done.code, done.sentence) == (2, second["error"])


@pytest.mark.usefixtures("shop")
def test_a_conversation_goes_on_in_another_process(parley: Parley, shell: Parley, home: Path) -> None:
    assert parley("ask", "How long does a refund take?", "--conversation", "console:x").code == 0
    assert shell("ask", "When is the shop open?", "--conversation", "console:x").code == 0
    assert parley("ask", "怎么开发票？", "--conversation", "console:y").code == 0
    said = history(home, "console:x")
    assert [role for role, _ in said] == ["user", "assistant", "user", "assistant"]
    assert said[2] == ("user", "When is the shop open?")
    assert said[3] == ("assistant", "The shop is open from nine to six, Monday to Saturday.")


@pytest.mark.usefixtures("shop")
def test_the_model_writes_where_it_is_asked_to(parley: Parley) -> None:
    done = parley("ask", "/chat hello you", "--json")
    (answer,) = done.rows
    assert done.code == 0
    assert (answer["skill"], answer["outcome"], answer["model"]) == ("chat", "generated", "tiny-llama")
    assert answer["text"]


@pytest.mark.usefixtures("shop")
def test_an_unknown_command_of_the_chat_is_an_error(parley: Parley) -> None:
    done = parley("ask", "/nonsense")
    assert (done.code, done.out) == (2, "")
    assert "/nonsense" in done.sentence
