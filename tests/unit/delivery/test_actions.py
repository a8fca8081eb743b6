"""Buttons' actions, as the platforms carry them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.actions import PATTERN, Action, Again, Bad, Good, Say, Stop, read, write

turns = st.integers(1, 2**59)
some = st.one_of(
    *(st.builds(kind, turns) for kind in (Again, Stop, Good, Bad)), st.builds(Say, turns, st.integers(0, 9999))
)


@given(some)
def test_what_is_written_is_read_again(action: Action) -> None:
    written = write(action)
    assert read(written) == action
    assert written.isascii() and len(written) <= 64 and re.fullmatch(PATTERN, written)


@pytest.mark.parametrize(
    "text",
    ["", "p1:", "p1:again", "p1:again:", "p1:again:x", "p1:again:1:2", "p1:say:1", "p1:say:1:2:3", "p0:again:1",
     "p2:again:1", "again:1", "p1:other:1", "p1:again:1\n", "p1:again:١", "p1:again:" + "9" * 30, "P1:again:1"],
)  # fmt: skip
def test_what_was_never_written_here_has_expired(text: str) -> None:
    assert read(text) is None


@given(st.text(max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    action = read(text)
    assert action is None or read(write(action)) == action
