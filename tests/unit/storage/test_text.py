"""Titles, and when two questions are the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.storage.text import TITLE_CHARS, same_question, title_of

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))


@given(TEXT)
def test_a_title_is_one_short_line(text: str) -> None:
    title = title_of(text)
    assert len(title) <= TITLE_CHARS
    assert len(title.splitlines()) <= 1


def test_a_title_is_the_first_line() -> None:
    assert title_of("\n  Refunds   and\treturns \nmore") == "Refunds and returns"
    assert title_of("字" * 100) == "字" * 59 + "…"
    assert title_of("   ") == ""


@given(st.lists(st.text("abcdeß问题", min_size=1), min_size=1), st.sampled_from([" ", "\n", "\t  ", "\u3000"]))
def test_case_and_spaces_do_not_tell_questions_apart(words: list[str], space: str) -> None:
    assert same_question(" ".join(words)) == same_question(f" {space.join(words)} ".upper().lower())


def test_other_words_do() -> None:
    assert same_question("ship to Mars") != same_question("ship to Venus")
    assert same_question("a b") != same_question("ab")
