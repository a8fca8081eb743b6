"""Inline Markdown tokens as text and entities."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.channels.telegram.writer import Writer

if TYPE_CHECKING:
    from markdown_it.token import Token

_ENTITIES = {"strong": "bold", "em": "italic", "s": "strikethrough"}
# Tags that a model writes between words. Those with an empty kind have no entity: the tag goes, its text stays.
_TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "del": "strikethrough", "strike": "strikethrough",
    "sub": "", "sup": "", "small": "", "span": "", "mark": "", "kbd": "",
}  # fmt: skip
_TAG = re.compile(r"<(/?)([a-zA-Z]+)(?:\s[^>]*)?>")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


def usable(url: str) -> bool:
    """Whether Telegram takes the address as a link. `tg:` is left out: a model's text must not mention people."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def write_inline(writer: Writer, tokens: Sequence[Token], line_break: str) -> None:
    """Write the children of an inline token; `line_break` stands for a line end (with the indentation behind it)."""
    pairs = _html_pairs(tokens)
    links: list[tuple[str, int]] = []  # that are open: the address, and where the text begins
    for nth, token in enumerate(tokens):
        kind, _, side = token.type.rpartition("_")
        if nth in pairs:
            _write_tag(writer, pairs[nth])
        elif token.type in {"softbreak", "hardbreak"} or (token.type == "html_inline" and _BREAK.match(token.content)):
            writer.write(line_break)
        elif token.type in {"code_inline", "math"}:
            writer.code(token.content)
        elif token.type == "image":
            _write_image(writer, token, line_break)
        elif kind == "link":
            _write_link(writer, token, side, links)
        elif kind in _ENTITIES:
            writer.open(_ENTITIES[kind]) if side == "open" else writer.close()
        else:
            writer.write(token.content)


def _write_tag(writer: Writer, kind: str | None) -> None:
    if kind is None:
        writer.close()
    else:
        writer.open(kind)


def _write_link(writer: Writer, token: Token, side: str, links: list[tuple[str, int]]) -> None:
    if side == "open":
        url = str(token.attrGet("href") or "")
        links.append((url, writer.offset))
        writer.open("text_link" if usable(url) else "", url)
        return
    url, start = links.pop()
    written = writer.offset > start
    writer.close()
    if url and not (usable(url) and written):
        address = url.removeprefix("mailto:")
        if not writer.ends_with(address):
            writer.write(f" ({address})" if written else address)


def _write_image(writer: Writer, token: Token, line_break: str) -> None:
    """An image is a link with its alternative text."""
    url = str(token.attrGet("src") or "")
    start = writer.offset
    writer.open("text_link" if usable(url) else "", url)
    write_inline(writer, token.children or (), line_break)
    written = writer.offset > start
    if not written:
        writer.write(url)
    writer.close()
    if written and url and not usable(url):
        writer.write(f" ({url})")


def _html_pairs(tokens: Sequence[Token]) -> dict[int, str | None]:
    """Which tokens are HTML tags that pair up on one level: the opening one gives the entity, the closing one None."""
    pairs: dict[int, str | None] = {}
    level: list[tuple[str, int]] = []
    for nth, token in enumerate(tokens):
        if token.nesting == 1:
            level.append(("", nth))
        elif token.nesting == -1:
            while level and level.pop()[0]:
                pass
        elif token.type == "html_inline" and (found := _TAG.fullmatch(token.content)):
            name = found[2].lower()
            if not found[1]:
                level.append((name, nth))
            elif name in _TAGS and (opened := _opened(level, name)) is not None:
                pairs[level[opened][1]], pairs[nth] = _TAGS[name], None
                del level[opened:]
    return pairs


def _opened(level: Sequence[tuple[str, int]], name: str) -> int | None:
    """Where the tag was opened, within the Markdown that is open; tags between that are never closed are text."""
    for nth in range(len(level) - 1, -1, -1):
        if level[nth][0] in {name, ""}:
            return nth if level[nth][0] == name else None
    return None
