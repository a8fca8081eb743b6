"""A conversation's mood: a running mean that is kept as a conversation's value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.mood import MOOD, Mood, feeling_of, kept, mood_after, mood_of

feelings = st.lists(st.floats(-1, 1, allow_nan=False), max_size=40)


@given(feelings)
def test_a_mood_stays_within_what_was_felt(said: list[float]) -> None:
    mood = mood_after(said)
    assert mood.messages == len(said)
    if said:
        assert min(said) - 1e-9 <= mood.now <= max(said) + 1e-9
        assert min(said) - 1e-9 <= mood.whole <= max(said) + 1e-9


@given(feelings)
def test_what_is_kept_is_read_again(said: list[float]) -> None:
    mood = mood_after(said)
    again = mood_of({MOOD: kept(mood)})
    assert (again.now, again.whole, again.messages) == (
        pytest.approx(mood.now, abs=1e-3),
        pytest.approx(mood.whole, abs=1e-3),
        mood.messages,
    )


@pytest.mark.parametrize("value", ["", "x", "0.1 0.2", "nan 0 3", "7 0 3", "0 0 -1", "0.1 0.1 1.5"])
def test_what_cannot_be_read_is_a_new_mood(value: str) -> None:
    assert mood_of({MOOD: value} if value else {}) == Mood()


def test_a_talk_that_turns_bad_is_low_and_falling_and_one_bad_message_is_not() -> None:
    turning = mood_after([0.6, 0.5, -0.6, -0.8, -0.9])
    assert turning.low and turning.trend < -0.2
    assert not mood_after([-0.9]).low
    assert not mood_after([0.6, 0.5, 0.4, -0.6]).low
    assert mood_after([-0.6, -0.5, 0.8, 0.8]).trend > 0


def test_a_messages_feeling_is_how_much_likelier_good_is_than_bad() -> None:
    assert feeling_of({"positive": 0.7, "neutral": 0.2, "negative": 0.1}) == pytest.approx(0.6)
    assert feeling_of({}) == 0.0
