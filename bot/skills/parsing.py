"""Reading what stands after a command's word."""

from __future__ import annotations

import re

from bot.errors import InvalidInput
from bot.skills.base import SkillRequest

MAX_CHARACTERS = 20_000  # of a text that a model works on at once; a message has fewer, a file may have millions

_COLON = re.compile(r"[:：]")


def split_at_colon(rest: str) -> tuple[str, str] | None:
    """What stands before and after the first colon of either script, stripped; None where there is none."""
    parts = _COLON.split(rest, maxsplit=1)
    return (parts[0].strip(), parts[1].strip()) if len(parts) == 2 else None


def within_reach(request: SkillRequest) -> str:
    """The text to work on. Raises InvalidInput where a visitor's is too long to be worked on as a whole; the operator,
    who runs a skill outside of a conversation, may wait as long as they like.
    """
    text = request.text
    if request.turn is not None and len(text) > MAX_CHARACTERS:
        raise InvalidInput(
            f"The text has {len(text)} characters; at most {MAX_CHARACTERS} are taken.",
            text_id="text-beyond",
            length=len(text),
            limit=MAX_CHARACTERS,
        )
    return text
