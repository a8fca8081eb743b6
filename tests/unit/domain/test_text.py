"""Cleaning and flowing text."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.text import clean, flowing, harmless, harmless_json, within_quotes, without_command, without_headings


@given(st.text(st.characters()))
def test_clean_text_can_always_be_stored(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  two\r\nlines\r", "two\nlines"),
        ("bell\x07 and nul\x00", "bell and nul"),
        ("half \ud83d of an emoji", "half  of an emoji"),
        ("👩‍👩‍👧 שלום ‏\u202eabc", "👩‍👩‍👧 שלום ‏\u202eabc"),
    ],
)
def test_what_is_taken_out_and_what_stays(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("sentence", "language", "flow"),
    [
        ("word for\nword", "en", "word for word"),
        ("- in a list", "en", "in a list"),
        ("2. in order", "en", "in order"),
        ("第一行\n  第二行 GPT 模型", "zh", "第一行第二行 GPT 模型"),
        ("-5 degrees", "en", "-5 degrees"),
    ],
)
def test_sentences_flow(sentence: str, language: str, flow: str) -> None:
    assert flowing(sentence, language) == flow


def test_headings_are_taken_out() -> None:
    assert without_headings("# Title\n\nText # not a heading\n## More\ntext") == "Text # not a heading\ntext"


@pytest.mark.parametrize(
    ("said", "text"),
    [("/ask How long?", "How long?"), ("/chat@bot 你好", "你好"), ("1/2 of it", "1/2 of it"), ("/x", "")],
)
def test_commands_are_taken_off(said: str, text: str) -> None:
    assert without_command(said) == text


def test_a_title_in_quotation_marks_has_inner_ones() -> None:
    assert within_quotes("什么是大模型的“幻觉”？") == "什么是大模型的‘幻觉’？"


@given(st.text(st.characters(max_codepoint=0xFF)), st.integers(0, 20))
def test_no_piece_of_a_text_steers_a_terminal(text: str, cut: int) -> None:
    shown = harmless(text)
    assert not [sign for sign in shown if unicodedata.category(sign) == "Cc" and sign not in "\n\t"]
    assert harmless(text[:cut]) + harmless(text[cut:]) == shown


def test_only_marks_that_turn_the_order_of_letters_are_taken_out() -> None:
    assert harmless("👩‍👩‍👧 שלום \u202eabc\u202d \u2067אב\u2069") == "👩‍👩‍👧 שלום abc \u2067אב\u2069"


@given(st.text())
def test_json_stays_what_it_says(text: str) -> None:
    line = harmless_json(json.dumps(text, ensure_ascii=False))
    assert json.loads(line) == text
    assert harmless(line) == line
