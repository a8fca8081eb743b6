"""Which buttons stand under a reply."""

from __future__ import annotations

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import buttons
from bot.domain import Choice, Outcome, Reply
from bot.texts.catalogue import FluentTexts

TEXTS = FluentTexts()


def labels(reply: Reply) -> list[list[str]]:
    return [[button.label for button in row] for row in buttons.when_finished(7, reply, TEXTS)]


@pytest.mark.parametrize(
    ("outcome", "row"),
    [
        (Outcome.GENERATED, [["🔄", "👍", "👎"]]),
        (Outcome.CURATED, [["👍", "👎"]]),
        (Outcome.QUOTED, [["👍", "👎"]]),
        (Outcome.UNKNOWN, [["👍", "👎"]]),
        (Outcome.SERVICE, []),
    ],
)
def test_opinions_stand_under_answers_and_another_try_under_what_a_model_wrote(
    outcome: Outcome, row: list[list[str]]
) -> None:
    assert labels(Reply("x", "answer", outcome, "en")) == row


def test_choices_then_suggestions_one_a_row_and_each_says_its_own_whole_text() -> None:
    long = "How do I " + "very " * 30 + "much?"
    reply = Reply("x", "a", Outcome.SERVICE, "en", suggestions=(long,), choices=(Choice("Yes", "/forget yes"),))
    rows = buttons.when_finished(7, reply, TEXTS)
    assert [row[0].action for row in rows] == ["p1:say:7:0", "p1:say:7:1"]
    assert rows[0][0].label == "Yes" and rows[1][0].label.endswith("…")
    assert buttons.offered(reply) == ("/forget yes", long)


def test_the_stop_button_speaks_the_language() -> None:
    assert [row[0].label for row in buttons.while_writing(7, "zh", TEXTS)] == ["⏹ 停止"]


@pytest.mark.parametrize(
    ("label", "width", "cut"),
    [
        ("short", 10, "short"),
        ("two\n lines", 20, "two lines"),
        ("one two three", 8, "one two…"),
        ("one two three", 9, "one two…"),
        ("怎样申请退款", 7, "怎样申…"),
        ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 13, "👨‍👩‍👧‍👦…"),
    ],
)
def test_labels_are_cut_to_fit(label: str, width: int, cut: str) -> None:
    assert buttons.fitting(label, width) == cut


@given(st.text(), st.integers(4, 80))
def test_no_character_is_cut_in_two(label: str, width: int) -> None:
    cut = buttons.fitting(label, width)
    line = " ".join(label.split())
    assert cut == line or regex.findall(r"\X", line)[: len(regex.findall(r"\X", cut[:-1]))] == regex.findall(
        r"\X", cut[:-1]
    )
