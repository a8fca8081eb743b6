"""How `/translate` reads what stands after it."""

from __future__ import annotations

import pytest

from bot.skills.translate import TranslateSkill


@pytest.mark.parametrize(
    ("rest", "text", "target"),
    [
        ("zh Good morning", "Good morning", "zh"),
        ("zh\nGood morning\n\nand good night", "Good morning\n\nand good night", "zh"),
        ("  German\t tea ", "tea", "de"),
        ("zh", "", "zh"),
        (" ", "", None),
    ],
)
def test_the_first_word_is_the_language_whatever_stands_after_it(rest: str, text: str, target: str | None) -> None:
    match = TranslateSkill().parse(rest)
    assert (match.text, match.arguments.get("to")) == (text, target)
