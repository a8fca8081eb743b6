"""The guard that every text passes on its way into storage, and the form in which questions are compared."""

from __future__ import annotations

import hashlib

from bot.errors import InvalidInput

TITLE_CHARS = 60


def checked(text: str) -> str:
    """The text as it is. Raises InvalidInput for what no database keeps: lone surrogates and the NUL character."""
    if "\x00" in text:
        raise InvalidInput("The text holds a NUL character, which cannot be stored; take it out.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInput("The text holds half of a character (a lone surrogate); write it again.") from None
    return text


def title_of(text: str) -> str:
    """A conversation's title out of its first message: the first line, at most 60 characters."""
    line = " ".join((text.strip().splitlines() or [""])[0].split())
    return line if len(line) <= TITLE_CHARS else line[: TITLE_CHARS - 1] + "…"


def same_question(text: str) -> str:
    """A key that is equal for questions that differ in case and spaces alone (SHA-256, hex)."""
    return hashlib.sha256(" ".join(checked(text).casefold().split()).encode()).hexdigest()
