"""The skills, one-shot: `parley sentiment`, `classify`, `summarise` and `translate`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.conftest import Parley

ARTICLE = """# Shipping

We ship to Norway, Sweden and Denmark. Parcels to Norway take seven days. Customs duties are paid by the customer.
Every parcel is packed in recycled cardboard. Glass is wrapped in paper wool. The shop opens at nine.
"""


def test_sentiment_is_one_of_three_with_its_probability(parley: Parley) -> None:
    done = parley("sentiment", "I love this shop!", "--json")
    (judged,) = done.rows
    assert done.code == 0
    assert (judged["skill"], judged["language"]) == ("sentiment", "en")
    assert judged["data"]["label"] in {"positive", "neutral", "negative"}
    assert 0 < judged["data"]["score"] <= 1
    assert parley("sentiment", "I love this shop!").out.strip() == judged["text"]


def test_standard_input_is_judged_a_line_each(parley: Parley) -> None:
    done = parley("sentiment", "-", "--json", stdin="I love it.\n\n我很喜欢。\n")
    assert [row["language"] for row in done.rows] == ["en", "zh"]


def test_a_text_gets_one_of_its_labels(parley: Parley) -> None:
    done = parley("classify", "Where is my parcel?", "--labels", "billing, delivery", "--json")
    (chosen,) = done.rows
    assert done.code == 0
    assert chosen["data"]["label"] in {"billing", "delivery"}
    lines = parley("classify", "-", "--labels", "账单，物流", "--json", stdin="我的包裹在哪里？\n发票有误\n").rows
    assert len(lines) == 2
    assert {row["data"]["label"] for row in lines} <= {"账单", "物流"}


def test_a_file_is_summarised(parley: Parley, tmp_path: Path) -> None:
    file = tmp_path / "shipping.md"
    file.write_text(ARTICLE, "utf-8")
    done = parley("summarise", str(file), "--json")
    (summary,) = done.rows
    assert (done.code, summary["skill"]) == (0, "summarise")
    assert 0 < len(summary["text"]) < len(ARTICLE)
    (piped,) = parley("summarise", "-", "--json", stdin=ARTICLE).rows
    assert piped["text"]


def test_without_a_translator_it_says_so_and_glosses(parley: Parley) -> None:
    done = parley("translate", "你好，世界", "--to", "English", "--json")
    (reply,) = done.rows
    assert done.code == 6
    assert reply["data"]["translated"] is False
    assert "standard" in reply["text"] + reply["notice"]
    assert "hello" in reply["text"].lower()
    shown = parley("translate", "你好，世界", "--to", "en", "--from", "zh")
    assert (shown.code, "parley models fetch" in shown.out + shown.err) == (6, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["write", "会议改到周五，请道歉", "--kind", "邮件"], 6, "中文"),
        (["translate", "Where is my parcel?", "--to", "en", "--from", "en"], 2, "English"),
        (["translate", "你好，世界", "--to", "de"], 6, "parley models fetch"),
    ],
    ids=["a language that the model does not write", "the same language", "no translator"],
)
def test_what_cannot_be_done_is_no_result(
    parley: Parley, words: list[str], code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_MODELS__GENERATOR", "server:english")
    server = 'base_url = "http://127.0.0.1:9/v1"\nmodel = "any"\nlanguages = ["en"]\n'
    Path("parley.toml").write_text(f"[models.servers.english]\n{server}", encoding="utf-8")
    done = parley(*words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    refused = parley(*words, "--json")
    (row,) = refused.rows
    assert (refused.code, row["outcome"], said in row["text"]) == (code, "unknown", True)


@pytest.mark.parametrize(
    ("words", "said"),
    [(["translate", "hello"], "Missing option"), (["classify", "hello"], "at least two labels with --labels")],
    ids=["to", "labels"],
)
def test_what_a_skill_needs_is_asked_for(parley: Parley, words: list[str], said: str) -> None:
    done = parley(*words)
    assert done.code == 2
    assert said in done.err


def test_examples_from_a_file_name_the_labels(parley: Parley, tmp_path: Path) -> None:
    file = tmp_path / "examples.jsonl"
    file.write_text(
        '{"text": "It has not arrived.", "label": "delivery"}\n{"text": "I paid twice.", "label": "billing"}\n', "utf-8"
    )
    (chosen,) = parley("classify", "Where is my parcel?", "--examples", str(file), "--json").rows
    assert set(chosen["data"]["distribution"]) == {"delivery", "billing"}
    (three,) = parley("classify", "hi", "--labels", "billing, delivery, other", "--examples", str(file), "--json").rows
    assert set(three["data"]["distribution"]) == {"delivery", "billing", "other"}


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        ('{"text": "a"}\n', [], "examples.jsonl, line 1"),
        ('{"text": "a", "label": "x"}\n', [], "at least two labels"),
        ('{"text": "a", "label": "x"}\n', ["--labels", "y,z"], "the label “x”"),
        ('{"text": "a", "label": "x,y"}\n', [], "a comma"),
    ],
)
def test_examples_that_do_not_fit_are_refused(
    parley: Parley, tmp_path: Path, content: str, words: list[str], said: str
) -> None:
    file = tmp_path / "examples.jsonl"
    file.write_text(content, "utf-8")
    done = parley("classify", "hi", "--examples", str(file), *words)
    assert (done.code, said in done.sentence) == (2, True)


def test_a_draft_is_written_from_notes(parley: Parley) -> None:
    done = parley("write", "meeting moved to Friday", "--kind", "mail", "--tone", "friendly", "--json")
    (draft,) = done.rows
    assert (done.code, draft["skill"]) == (0, "write")
    assert parley("write", "-", stdin="meeting moved").code == 0
