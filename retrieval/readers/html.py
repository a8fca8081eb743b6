"""HTML: the main content of a page by trafilatura, without menus, scripts and footers."""

from __future__ import annotations

import re

from retrieval.errors import UnreadableDocument
from retrieval.readers.common import article, stem
from retrieval.readers.decode import clean
from retrieval.types import Document

_HIDDEN = re.compile(r"<(script|style|template|nav|footer|aside)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)


def read(source: str, content: str, language: str) -> tuple[list[Document], list[UnreadableDocument]]:
    """One article with its headings kept as Markdown. Raises UnreadableDocument for a page without text."""
    import trafilatura

    shown = _HIDDEN.sub(" ", content)
    page = trafilatura.extract(
        shown, output_format="markdown", include_comments=False, include_tables=True, favor_recall=True
    )
    body = clean(page or _plain(shown)).strip()
    if not body:
        raise UnreadableDocument("no-page-text", source=source)
    return [article(source, _title(content) or stem(source), body, language)], []


def _tree(content: str) -> object | None:
    from trafilatura import load_html

    tree: object | None = load_html(content)
    return tree


def _plain(content: str) -> str:
    """All visible text, for pages too short for trafilatura's idea of a main content."""
    tree = _tree(content)
    return "" if tree is None else "\n".join(part.strip() for part in tree.itertext() if part.strip())  # type: ignore[attr-defined]


def _title(content: str) -> str | None:
    tree = _tree(content)
    for path in ("//title", "//h1"):
        for node in [] if tree is None else tree.xpath(path):  # type: ignore[attr-defined]
            title = " ".join("".join(node.itertext()).split())
            if title:
                return clean(title)
    return None
