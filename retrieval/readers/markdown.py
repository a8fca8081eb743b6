"""Markdown: readable text with headings kept, so that each passage knows the headings above it."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from retrieval.errors import UnreadableDocument
from retrieval.readers.common import article, stem
from retrieval.types import Document

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n(?:---|\.\.\.)\n", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:[ \t]*['\"]?(.+?)['\"]?[ \t]*$", re.MULTILINE)


def read(source: str, content: str, language: str) -> tuple[list[Document], list[UnreadableDocument]]:
    """One article. Its title is the front matter's, or the first heading of the first level, or the file's name."""
    from markdown_it import MarkdownIt

    front = _FRONT_MATTER.match(content)
    body = content[front.end() :] if front else content
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(body)
    text = _render(tokens)
    if not text:
        raise UnreadableDocument("no-text", source=source)
    named = _FRONT_TITLE.search(front[1]) if front else None
    title = named[1] if named else _first_heading(tokens) or stem(source)
    return [article(source, title, text, language)], []


def _first_heading(tokens: list[Token]) -> str | None:
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.tag == "h1":
            return _inline(inline) or None
    return None


def _render(tokens: list[Token]) -> str:
    """Blocks as lines: headings with their `#`, list items with `- `, table rows with ` | `, code as it is."""
    blocks: list[str] = []
    prefix = ""
    row: list[str] = []
    in_row = False
    for token in tokens:
        if token.type == "heading_open":
            prefix = "#" * int(token.tag[1]) + " "
        elif token.type == "list_item_open":
            prefix = "- "
        elif token.type == "tr_open":
            in_row, row = True, []
        elif token.type == "tr_close":
            in_row = False
            blocks.append(" | ".join(row))
        elif token.type == "inline" and in_row:
            row.append(_inline(token))
        elif token.type == "inline":
            text = _inline(token)
            blocks.append(prefix + text if not prefix.startswith("#") else prefix + " ".join(text.split()))
            prefix = ""
        elif token.type in ("fence", "code_block"):
            # A comment line of a program must not look like a heading.
            blocks.append(re.sub(r"^(#{1,6}[ \t])", r" \1", token.content.rstrip("\n"), flags=re.MULTILINE))
    return "\n\n".join(block for block in blocks if block.strip("#- "))


def _inline(token: Token) -> str:
    parts = []
    for child in token.children or []:
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif child.type == "image":
            parts.append(child.content)
    return "".join(parts).strip()
