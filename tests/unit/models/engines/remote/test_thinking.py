"""Thoughts at the beginning of a text are left out, wherever the pieces are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.engines.remote.thinking import ThoughtFilter

TEXTS = [
    ("<think>Hm.</think>\n\nYes.", "Yes."),
    ("\n<think>\n</think>Yes.", "Yes."),
    ("<think>no end", ""),
    ("<think></think>", ""),
    ("Yes.", "Yes."),
    ("  Yes <think>later</think>.", "  Yes <think>later</think>."),
    ("<thin ice>", "<thin ice>"),
    ("<thi", "<thi"),
    ("", ""),
]


@pytest.mark.parametrize(("said", "shown"), TEXTS)
@given(data=st.data())
def test_thoughts_are_left_out_wherever_it_is_cut(data: st.DataObject, said: str, shown: str) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=len(said))))
    thoughts = ThoughtFilter()
    pieces = [said[start:end] for start, end in zip([0, *cuts], [*cuts, len(said)], strict=True)]
    assert "".join(map(thoughts.feed, pieces)) + thoughts.flush() == shown
