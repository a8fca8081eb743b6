"""The examples and the evaluation sets: whole, paired across the languages, and fitting together."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.dialogue.personas import load_persona
from bot.settings import load_settings

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
DATA = ROOT / "tests" / "data"
FAQS = ("llm-faq", "shop-faq")
LANGUAGES = ("en", "zh")
RANKED = {
    "shop-zh-paraphrases": ("shop-faq", "zh", 120),
    "shop-en-paraphrases": ("shop-faq", "en", 120),
    "llm-zh": ("llm-faq", "zh", 60),
    "llm-en": ("llm-faq", "en", 60),
}
_HAN = re.compile(r"[\u4e00-\u9fff]")


@cache
def _faq(folder: str, language: str) -> dict[str, Any]:
    loaded = yaml.safe_load((EXAMPLES / folder / f"faq.{language}.yaml").read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def _entries(folder: str, language: str) -> list[dict[str, Any]]:
    entries = _faq(folder, language)["entries"]
    assert isinstance(entries, list)
    return entries


def _ids(folder: str, language: str) -> list[str]:
    return [entry["id"] for entry in _entries(folder, language)]


def _rows(name: str) -> list[dict[str, Any]]:
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _bare(text: str) -> str:
    """What is left of a question when case, spaces and punctuation are taken off."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


def _questions() -> list[str]:
    """Every question and other wording of both examples."""
    return [
        text
        for folder in FAQS
        for language in LANGUAGES
        for entry in _entries(folder, language)
        for text in (entry["question"], *entry["wordings"])
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("folder", FAQS)
def test_every_entry_is_whole(folder: str, language: str) -> None:
    assert _faq(folder, language)["language"] == language
    for entry in _entries(folder, language):
        assert set(entry) == {"id", "tags", "question", "wordings", "answer"}, entry["id"]
        assert len(entry["wordings"]) >= 3, entry["id"]
        texts = [entry["question"], entry["answer"], *entry["wordings"], *entry["tags"]]
        assert all(isinstance(text, str) and text.strip() == text and text for text in texts), entry["id"]
        assert bool(_HAN.search(entry["answer"])) == (language == "zh") or entry["id"].startswith("word-segmentation")


@pytest.mark.parametrize(("folder", "at_least"), [("llm-faq", 30), ("shop-faq", 40)])
def test_the_languages_have_the_same_entries_in_the_same_order(folder: str, at_least: int) -> None:
    topics = [
        [identifier.removesuffix(f".{language}") for identifier in _ids(folder, language)] for language in LANGUAGES
    ]
    assert topics[0] == topics[1]
    assert len(topics[0]) >= at_least


def test_the_shop_names_the_same_figures_in_both_languages() -> None:
    """Prices, days and limits. The other FAQ is left out: 7 billion is 70 亿."""
    for english, chinese in zip(_entries("shop-faq", "en"), _entries("shop-faq", "zh"), strict=True):
        figures = [set(re.findall(r"\d{2,}", entry["answer"].replace(",", ""))) for entry in (english, chinese)]
        # "10% off" is 打九折.
        assert figures[0] - {"10"} == figures[1] - {"10"}, english["id"]


def test_ids_are_unique_among_all_documents() -> None:
    ids = [identifier for folder in FAQS for language in LANGUAGES for identifier in _ids(folder, language)]
    ids += [file.stem for file in EXAMPLES.rglob("*.md") if file.name != "README.md"]
    assert [identifier for identifier, times in Counter(ids).items() if times > 1] == []


def test_no_question_stands_twice() -> None:
    assert [text for text, times in Counter(map(_bare, _questions())).items() if times > 1] == []


@pytest.mark.parametrize("name", RANKED)
def test_evaluation_sets_refer_to_entries_and_cover_them_all(name: str) -> None:
    folder, language, at_least = RANKED[name]
    rows = _rows(name)
    asked = Counter(identifier for row in rows for identifier in row["relevant"])
    assert set(asked) == set(_ids(folder, language))
    assert len(rows) >= at_least
    assert len({_bare(row["question"]) for row in rows}) == len(rows)


@pytest.mark.parametrize("name", RANKED)
def test_no_paraphrase_equals_a_wording(name: str) -> None:
    known = set(map(_bare, _questions()))
    assert [row["question"] for row in _rows(name) if _bare(row["question"]) in known] == []


def test_out_of_scope_questions_are_balanced_and_none_of_the_faqs() -> None:
    rows = _rows("out-of-scope")
    assert Counter(row["language"] for row in rows) == {"zh": 100, "en": 100}
    assert len({_bare(row["text"]) for row in rows}) == len(rows)
    assert not {_bare(row["text"]) for row in rows} & set(map(_bare, _questions()))


@pytest.mark.parametrize(("language", "count"), [("zh", 200), ("en", 100)])
def test_reviews_are_balanced(language: str, count: int) -> None:
    rows = _rows(f"reviews-{language}")
    labels = Counter(row["label"] for row in rows)
    assert set(labels) == {"positive", "neutral", "negative"}
    assert max(labels.values()) - min(labels.values()) <= 1
    assert len({row["text"] for row in rows}) == len(rows) == count


def test_follow_ups_have_two_turns_and_refer_to_entries() -> None:
    rows = _rows("follow-ups")
    assert Counter(row["language"] for row in rows) == {"zh": 20, "en": 20}
    for row in rows:
        first, second = row["turns"]
        assert first and second
        assert set(row["relevant"]) <= set(_ids(row["example"], row["language"]))


@pytest.mark.parametrize("name", ["tutor", "writer"])
def test_personas_load_with_their_settings_in_both_languages(name: str) -> None:
    settings = load_settings(EXAMPLES / name / "parley.toml", env={})
    assert settings.dialogue.persona is not None
    persona = load_persona(Path(settings.dialogue.persona))
    assert set(persona.instructions) == set(persona.greeting) == set(LANGUAGES)
    assert len(persona.examples) >= 2
    raw = yaml.safe_load((EXAMPLES / name / "persona.yaml").read_text(encoding="utf-8"))
    assert set(raw) == {"name", "description", "skill", "instructions", "greeting", "examples"}


def test_every_lesson_and_guide_has_its_chinese_twin() -> None:
    for folder in ("tutor", "writer"):
        stems = {file.stem for file in (EXAMPLES / folder / "knowledge").glob("*.md")}
        english = {stem for stem in stems if not stem.endswith("-zh")}
        assert english and stems == english | {f"{stem}-zh" for stem in english}
