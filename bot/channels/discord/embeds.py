"""Citations as one compact embed under a reply."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord
from discord.utils import escape_markdown

from bot.domain import Citation
from bot.ports import Texts

MOST_SOURCES = 8
MOST_TITLE = 120
MOST_EXCERPT = 160  # characters


def sources(citations: Sequence[Citation], texts: Texts, language: str, said: str = "") -> tuple[dict[str, Any], ...]:
    """One embed with a line for each cited document, or none: its title, with a link where there is one, and how the
    cited passage begins, unless that stands word for word in what was `said`.
    """
    first: dict[str, Citation] = {}
    for citation in citations:
        first.setdefault(citation.document, citation)
    lines = [_line(number, citation, said) for number, citation in enumerate(list(first.values())[:MOST_SOURCES], 1)]
    if not lines:
        return ()
    return (dict(discord.Embed(title=texts("sources", language), description="\n".join(lines)).to_dict()),)


def _line(number: int, citation: Citation, said: str) -> str:
    title = escape_markdown(shortened(citation.title or citation.document, MOST_TITLE))
    # Brackets would end the link's text, and a blank or a parenthesis its address.
    linked = title.replace("[", "(").replace("]", ")")
    url = (citation.url or "").replace(" ", "%20").replace(")", "%29").replace("(", "%28")
    name = f"[{linked}]({url})" if re.match(r"https?://", url) else f"**{title}**"
    if citation.passage.strip() in said:
        return f"{number}. {name}"
    return f"{number}. {name} — {escape_markdown(shortened(citation.passage, MOST_EXCERPT))}"


def shortened(text: str, limit: int) -> str:
    """A text on one line, cut between words where there are any.

    >>> shortened("one two  three", 9)
    'one two…'
    """
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    space = head.rfind(" ")
    return (head[:space] if space > limit // 2 and line[limit - 1] != " " else head).rstrip() + "…"
