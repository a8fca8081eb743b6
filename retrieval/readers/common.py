"""What the readers share: names, digests and the making of an article."""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePath

from retrieval.language import detect
from retrieval.types import Document, DocumentKind

VERSION = 1  # part of every digest: raise it when passages are made in another way, so that files are read anew


def stem(source: str) -> str:
    """A file's name without its ending; `stdin` for standard input."""
    return "stdin" if source == "-" else PurePath(source).stem


def digest(*parts: object) -> str:
    """SHA-256 (hex) of parts that can be written as JSON."""
    payload = json.dumps([VERSION, *parts], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(payload.encode()).hexdigest()


def article(source: str, title: str, text: str, language: str, url: str | None = None) -> Document:
    """An article of a whole file; its id is the file's name without its ending."""
    spoken = detect(text, language)
    return Document(
        id=stem(source),
        kind=DocumentKind.ARTICLE,
        title=title,
        text=text,
        language=spoken,
        source=source,
        digest=digest("article", title, text, spoken, url),
        url=url,
    )
