"""What the chat shows before the first question."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.cli.chatting import shortest_of_each_language

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
