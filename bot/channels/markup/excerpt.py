"""A short piece of a passage, for the list of sources."""

from __future__ import annotations

import regex

from bot.channels.markup.cuts import slices
from bot.channels.markup.parser import parse, plain
from bot.domain.text import without_headings

_WHITE_SPACE = regex.compile(r"\s+")


def excerpt(passage: str, longest: int = 160) -> str:
    """The beginning of a passage on one line, without Markdown and headings, cut at a sentence or word.

    Gives at most `longest` characters, and `…` where something was left out.
    """
    # What lies far behind the cut need not be read.
    tokens = parse((without_headings(passage) or passage)[: 8 * longest])
    pieces = (plain(token) if token.type == "inline" else token.content for token in tokens)
    text = _WHITE_SPACE.sub(" ", " ".join(piece for piece in pieces if piece)).strip()
    if len(text) <= longest:
        return text
    start, end = next(slices(text, lambda start: start + longest - 2), (0, 0))
    return f"{text[start:end]} …" if text[end - 1 : end].isascii() else f"{text[start:end]}…"
