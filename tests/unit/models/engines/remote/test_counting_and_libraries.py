"""Estimates of tokens, and what is said where the extra is not installed."""

from __future__ import annotations

import pytest

from models.engines.remote.client import require
from models.engines.remote.counting import Estimate
from models.errors import EngineFailed
from models.types import ChatMessage


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), (" \n", 0), ("fox", 1), ("the quick brown fox 你好", 6), ("internationalisation", 4), ("2026-11!", 8)],
)
def test_tokens_are_estimated_by_words_and_signs(text: str, tokens: int) -> None:
    assert Estimate().text(text) == tokens


def test_a_message_takes_more_than_its_words() -> None:
    assert Estimate().chat([ChatMessage("user", "fox")]) > Estimate().text("fox")


def test_a_library_that_is_not_installed_is_named_with_the_command() -> None:
    with pytest.raises(EngineFailed, match=r"library no_such_library is not installed.*\[openai\]"):
        require("no_such_library")
