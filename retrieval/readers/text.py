"""Plain text: one article a file."""

from __future__ import annotations

from retrieval.errors import UnreadableDocument
from retrieval.readers.common import article, stem
from retrieval.types import Document


def read(source: str, content: str, language: str) -> tuple[list[Document], list[UnreadableDocument]]:
    """One article, named after its file."""
    return [article(source, stem(source), content.strip(), language)], []
