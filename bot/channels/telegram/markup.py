"""A reply's Markdown as Telegram shows it: plain text and message entities. Pure, and loads nothing but its libraries.

Why not telegramify-markdown (1.4.1), which does the same: it leaves out HTML and whatever looks like it (`List<int>`
becomes `List`), aligns tables by characters (Chinese columns stand askew), nests quotations and puts code into links,
which Telegram does not have, and leaves `**粗体：**后文` as it is; its splitting knows line ends alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from telegram import MessageEntity

from bot.channels.markup.parser import parse
from bot.channels.telegram.blocks import Blocks

LIMIT = 4096  # UTF-16 units of a message
MOST_ENTITIES = 100  # of a message; Telegram leaves further ones out


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text with its entities, whose offsets and lengths count UTF-16 units; sorted by offset, longer ones first."""

    text: str
    entities: tuple[MessageEntity, ...] = ()

    @property
    def digest(self) -> str:
        """Equal for what looks the same. (Two MessageEntity are equal whatever their links are.)"""
        marks = [(e.type, e.offset, e.length, e.url, e.language) for e in self.entities]
        return hashlib.sha256(repr((self.text, marks)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def render(markdown: str) -> Rendered:
    """Convert Markdown, also broken or unfinished Markdown: what is not markup stays as text, nothing is left out.

    The text is empty for Markdown that shows nothing.
    """
    unified = markdown.replace("\r\n", "\n").replace("\r", "\n")
    blocks = Blocks()
    blocks.write(parse(unified))
    text, entities = blocks.result()
    return Rendered(text, ordered(entities)) if text.strip() else Rendered("")


def ordered(entities: Sequence[MessageEntity]) -> tuple[MessageEntity, ...]:
    """Sorted as Telegram gives them: by offset, and what holds another comes first."""
    return tuple(sorted(entities, key=lambda one: (one.offset, -one.length, _DEPTH.get(one.type, 5))))


_DEPTH: dict[str, int] = {"blockquote": 0, "expandable_blockquote": 0, "text_link": 1}
