"""The example of a skill in a package of its own: found by its entry point's name, routed to, and right."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.router import Router
from bot.dialogue.skill_book import GROUP, SkillBook
from bot.domain import Completed, Event, Failed, TextDelta
from bot.ports import Knowledge, LanguageTools, Models
from bot.skills import Skill, SkillRequest, Toolbox
from bot.texts.catalogue import FluentTexts

FOLDER = Path(__file__).parents[3] / "examples" / "skill-word-count"


def _load() -> tuple[Any, type[Skill]]:
    """The module and the class that the entry point names, without installing the package."""
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))
    (target,) = project["project"]["entry-points"][GROUP].values()
    module_name, _, class_name = target.partition(":")
    spec = importlib.util.spec_from_file_location(module_name, FOLDER / f"{module_name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name while the class is made.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module_name, module)
        spec.loader.exec_module(module)
    return module, getattr(module, class_name)


MODULE, SKILL = _load()


class SentenceEnds:
    """The one language tool that the skill uses: a sentence is what ends in a full stop or its like."""

    def sentences(self, text: str, language: str) -> Sequence[tuple[int, int]]:
        return [found.span() for found in re.finditer(r"[^.!?。！？]+[.!?。！？]*", text)]


def _tools() -> Toolbox:
    # The skill touches neither knowledge nor models; a use of them fails at once.
    return Toolbox(
        knowledge=cast(Knowledge, None),
        languages=cast(LanguageTools, SentenceEnds()),
        models=cast(Models, None),
        texts=FluentTexts(),
    )


async def _run(text: str, language: str) -> list[Event]:
    return [event async for event in SKILL().run(SkillRequest(text, language, language), _tools())]


async def test_counts_an_english_text() -> None:
    delta, completed = await _run("We ship within two days. Returns aren't free!", "en")
    assert isinstance(completed, Completed) and isinstance(delta, TextDelta)
    assert completed.reply.data == {"words": 8, "characters": 38, "sentences": 2, "minutes": 1}
    assert delta.text == completed.reply.text
    assert "Words: 8" in delta.text


async def test_counts_each_chinese_character_and_each_foreign_word() -> None:
    *_, completed = await _run("我用 Python 写了 3 个程序。", "zh")
    assert isinstance(completed, Completed)
    assert completed.reply.data["words"] == 9
    assert "字数：9" in completed.reply.text


async def test_without_a_text_it_says_how_to_use_it() -> None:
    (failed,) = await _run("", "zh")
    assert isinstance(failed, Failed)
    assert "/count" in failed.reason


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        ("/count  two words ", "two words"),
        ("How many words are in this: two words", "two words"),
        ("Count the words: two words", "two words"),
        ("这段话有多少字：你好", "你好"),
        ("帮我数一下字数：你好", "你好"),
    ],
)
def test_the_router_hands_it_the_text_to_count(said: str, counted: str) -> None:
    route = Router(SkillBook([SKILL()]), default="word_count").route(said, "en")
    assert (route.match.text, route.match.confidence >= 0.8) == (counted, True)


@pytest.mark.parametrize(
    "text", ["How long is the return window?", "一个 token 是多少字？", "How many words is a thousand tokens?", "字数"]
)
def test_it_leaves_questions_to_the_knowledge_base(text: str) -> None:
    assert SKILL().recognise(text, "en") is None


def test_it_can_stand_beside_parleys_own_skills() -> None:
    found = SkillBook([*SkillBook.installed(), SKILL()]).of_command("count")
    assert found is not None and found.name == "word_count"


@given(st.text(), st.text())
def test_a_text_and_another_count_as_much_as_both(one: str, other: str) -> None:
    both = MODULE.count(f"{one}\n{other}", 0)
    first, second = MODULE.count(one, 0), MODULE.count(other, 0)
    assert both.words == first.words + second.words
    assert both.characters == first.characters + second.characters
