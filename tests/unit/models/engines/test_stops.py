"""Stop strings, whatever the pieces in which the text comes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.engines.stops import StopFilter

TEXT = st.text(alphabet="abS好🙂", max_size=30)


@given(TEXT, st.lists(st.text(alphabet="abS好", min_size=1, max_size=4), max_size=3), st.lists(st.integers(1, 5)))
def test_what_is_shown_is_the_text_before_the_first_stop(text: str, stops: list[str], sizes: list[int]) -> None:
    filter_ = StopFilter(stops)
    shown, at = "", 0
    for size in [*sizes, len(text) + 1]:
        shown += filter_.feed(text[at : at + size])
        assert not any(stop in shown for stop in stops)
        at += size
    shown += filter_.flush()
    if filter_.stopped:
        assert text.startswith(shown)
        assert any(text[len(shown) :].startswith(stop) for stop in stops)
    else:
        assert shown == text
        assert not any(stop in text for stop in stops)


def test_a_beginning_that_was_none_is_shown_at_last() -> None:
    filter_ = StopFilter(["END"])
    assert [filter_.feed("one E"), filter_.feed("xit EN"), filter_.flush()] == ["one ", "Exit ", "EN"]
