"""`parley eval`: the models measured on rows with known answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.conftest import Parley

REVIEWS = '{"text": "I love it", "label": "positive"}\n{"text": "很差", "label": "negative", "language": "zh"}\n' * 2


def write(folder: Path, name: str, content: str) -> str:
    (folder / name).write_text(content, "utf-8")
    return str(folder / name)


def test_sentiment_is_measured_per_language(parley: Parley, tmp_path: Path) -> None:
    file = write(tmp_path, "reviews.jsonl", REVIEWS)
    (measured,) = parley("eval", "sentiment", file, "--json").rows
    assert {name: row["n"] for name, row in measured["languages"].items()} == {"all": 4, "en": 2, "zh": 2}
    assert all(0 <= row["accuracy"] <= 1 and 0 <= row["ece"] <= 1 for row in measured["languages"].values())
    shown = parley("eval", "sentiment", file, "--limit", "2").out
    assert "accuracy" in shown and "macro-F1" in shown and "ECE" in shown


def test_classifying_is_measured_with_and_without_examples(parley: Parley, tmp_path: Path) -> None:
    file = write(tmp_path, "asked.tsv", "where is my parcel\tdelivery\nthe bill is wrong\tbilling\n")
    shown = write(tmp_path, "examples.jsonl", '{"text": "it has not arrived", "label": "delivery"}\n')
    (bare,) = parley("eval", "classify", file, "--json").rows
    (helped,) = parley("eval", "classify", file, "--examples", shown, "--json").rows
    assert bare["languages"]["en"]["n"] == helped["languages"]["en"]["n"] == 2
    assert set(bare["languages"]["en"]["f1"]) == {"delivery", "billing"}


def test_without_a_translator_translation_is_not_measured(parley: Parley, tmp_path: Path) -> None:
    done = parley("eval", "translate", write(tmp_path, "pairs.tsv", "Good morning.\t早上好。\n"))
    assert done.code == 6
    assert "from en to zh" in done.sentence


@pytest.mark.parametrize(
    ("words", "content", "said"),
    [
        (["sentiment"], '{"text": "a", "label": "good"}\n', "“good” is no sentiment"),
        (["sentiment"], '{"text": "a", "label": "neutral"}\n\n{"text": "b", "label": "Good"}\n', "rows.jsonl, line 3"),
        (["sentiment"], "a\tneutral\nb\tgood\n", "rows.jsonl, line 2"),
        (["sentiment"], '{"text": "a", "label": "positive"}\n{"text"\n', "rows.jsonl, line 2"),
        (["classify"], "", "has no rows"),
        (["translate", "--to", "klingonish"], '{"text": "a", "reference": "b"}\n', "klingonish"),
    ],
)
def test_mistakes_are_said_in_one_sentence(
    parley: Parley, tmp_path: Path, words: list[str], content: str, said: str
) -> None:
    done = parley("eval", words[0], write(tmp_path, "rows.jsonl", content), *words[1:])
    assert done.code == 2
    assert said in done.sentence
