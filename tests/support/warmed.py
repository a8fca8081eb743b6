"""What takes seconds at its first use, done before a test waits for an answer that needs it."""

from __future__ import annotations

from functools import cache

from bot.doors.languages import LanguageDoor


@cache
def dictionary() -> None:
    """Load CC-CEDICT, with its table of English words."""
    LanguageDoor().gloss("good", "en", "zh")
