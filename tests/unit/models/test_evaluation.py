"""Rows with known answers, and the measures on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.errors import InvalidRows
from models.evaluation.rows import Labelled, Translated, examples_by_label, read_labelled, read_translated
from models.evaluation.scores import calibration_error, label_scores, translation_scores
from models.types import Prediction


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.write_text(content, "utf-8")
    return path


def test_labelled_rows_are_read_from_json_and_tsv(tmp_path: Path) -> None:
    json = write(
        tmp_path, "a.jsonl", '\ufeff{"text": " hi ", "label": "a", "language": "en"}\r\n\n{"text": "b", "label": "b"}\n'
    )
    assert read_labelled(json) == [Labelled("hi", "a", "en"), Labelled("b", "b")]
    assert read_labelled(write(tmp_path, "a.tsv", "hi\ta\n")) == [Labelled("hi", "a")]
    assert examples_by_label([Labelled("x", "a"), Labelled("y", "b"), Labelled("z", "a")]) == {
        "a": ["x", "z"],
        "b": ["y"],
    }


def test_translated_rows_have_several_names(tmp_path: Path) -> None:
    rows = '{"text": "a", "reference": "b"}\n{"source": "c", "target": "d", "from": "en", "target_language": "zh"}\n'
    assert read_translated(write(tmp_path, "a.jsonl", rows)) == [Translated("a", "b"), Translated("c", "d", "en", "zh")]
    assert read_translated(write(tmp_path, "a.txt", "a\tb\n")) == [Translated("a", "b")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", '{"text": "a", "label": "b"}\n{"text": "a"\n', "a.jsonl, line 2: this is not valid JSON"),
        ("a.jsonl", '{"text": "a", "label": "b"}\n\n[1]\n', "line 3: this is no JSON object"),
        ("a.jsonl", '{"text": "a"}\n', "line 1: the field `label`"),
        ("a.jsonl", '{"text": " ", "label": "b"}\n', "line 1: the field `text`"),
        ("a.jsonl", '{"text": "a", "label": 3}\n', "line 1: the field `label`"),
        ("a.jsonl", '{"text": "a", "label": "b", "language": 3}\n', "line 1: the field `language`"),
        ("a.tsv", "a\tb\tc\n", "line 1: write a text, one tab"),
        ("a.tsv", "a\tb\nc\n", "line 2: write a text, one tab"),
        ("a.tsv", "\n\n", "has no rows"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, name: str, content: str, said: str) -> None:
    with pytest.raises(InvalidRows, match=said):
        read_labelled(write(tmp_path, name, content))


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidRows, match="cannot be opened"):
        read_translated(tmp_path / "none.tsv")
    (tmp_path / "binary.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidRows, match="not UTF-8"):
        read_translated(tmp_path / "binary.tsv")


def test_labels_are_measured() -> None:
    scores = label_scores(
        ["a", "a", "b", "c"],
        [Prediction("a", 0.9), Prediction("b", 0.6), Prediction("b", 0.8), Prediction("d", 0.3)],
    )
    assert (scores.n, scores.accuracy) == (4, 0.5)
    assert scores.f1 == {"a": pytest.approx(2 / 3), "b": pytest.approx(2 / 3), "c": 0.0}
    assert scores.macro_f1 == pytest.approx(4 / 9)
    # By bins: .9 right, .6 wrong, .8 right, .3 wrong.
    assert scores.ece == pytest.approx((0.1 + 0.6 + 0.2 + 0.3) / 4)


def test_calibration_is_perfect_where_confidence_is_accuracy() -> None:
    assert calibration_error([0.75] * 4, [True, True, True, False]) == pytest.approx(0)
    assert calibration_error([1.0] * 2, [True, False]) == pytest.approx(0.5)


def test_translations_are_measured_in_the_words_of_their_language() -> None:
    perfect = translation_scores(["我们什么时候见面？"], ["我们什么时候见面？"], "zh")
    assert (perfect.bleu, perfect.chrf) == (pytest.approx(100), pytest.approx(100))
    assert "tok:zh" in perfect.signature
    near = translation_scores(["we meet at nine"], ["we meet at ten"], "en")
    assert 0 < near.chrf < 100
    assert "tok:13a" in near.signature
