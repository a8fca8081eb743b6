"""What the chat shows before the first question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli.chatting import shortest_of_each_language, spoken_here

TITLES = [
    ("zh", "什么是量化？"),
    ("en", "What is RLHF?"),
    ("zh", "什么是微调？"),
    ("en", "What is BERT?"),
    ("en", "Why so?!"),
]


@given(st.permutations(TITLES))
def test_the_examples_do_not_depend_on_the_order_of_the_documents(titles: list[tuple[str, str]]) -> None:
    assert shortest_of_each_language(titles) == ["Why so?!", "什么是微调？"]


def test_no_entry_gives_no_example() -> None:
    assert shortest_of_each_language([]) == []


def test_the_persons_own_language_comes_first() -> None:
    assert shortest_of_each_language(TITLES, "zh") == ["什么是微调？", "Why so?!"]


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, None),
        ({"LC_ALL": "", "LANG": "zh"}, "zh"),
        ({"LANG": "fr_FR.UTF-8"}, None),
        ({}, None),
    ],
)
def test_the_terminal_tells_its_language(environment: dict[str, str], language: str | None) -> None:
    assert spoken_here(environment) == language
