"""Files into documents: one reader a format, chosen by the file's ending.

documents, refusals = read("shop.yaml", data)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path, PurePath

from retrieval.errors import UnreadableDocument
from retrieval.readers import faq, html, markdown, text
from retrieval.readers.decode import MAX_BYTES, decode
from retrieval.types import Document, DocumentKind

Reader = Callable[[str, str, str], tuple[list[Document], list[UnreadableDocument]]]

READERS: Mapping[str, Reader] = {
    ".md": markdown.read,
    ".markdown": markdown.read,
    ".txt": text.read,
    ".html": html.read,
    ".htm": html.read,
    ".yaml": faq.read_yaml,
    ".yml": faq.read_yaml,
    ".jsonl": faq.read_jsonl,
    ".csv": faq.read_csv,
}


def is_readable(source: str) -> bool:
    """Whether Parley has a reader for a file of this name."""
    return PurePath(source).suffix.lower() in READERS


def read(
    source: str, data: bytes, *, language: str = "en", max_bytes: int = MAX_BYTES
) -> tuple[list[Document], list[UnreadableDocument]]:
    """The documents of a file, and its rows that were refused; `language` is the default where none is detected.

    The source `-` (standard input) is read as plain text, or as FAQ rows where it looks like JSON lines.
    Raises UnreadableDocument where nothing of the file can be read.
    """
    suffix = _suffix(source, data)
    reader = READERS.get(suffix)
    if reader is None:
        known = " ".join(sorted(READERS))
        if not suffix:
            raise UnreadableDocument("no-kind", source=source, known=known)
        raise UnreadableDocument("unknown-kind", source=source, kind=suffix, known=known)
    content = decode(data, source, max_bytes)
    documents, refusals = reader(source, content, language)
    return _unique(documents, refusals, source)


def read_text(path: Path, *, max_bytes: int = MAX_BYTES) -> str:
    """The readable text of a file of any kind that Parley reads; of FAQ rows, questions and answers.

    Raises UnreadableDocument, also where the file cannot be opened.
    """
    source = path.name
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise unopened(error, str(path)) from error
    documents, _ = read(source, data, max_bytes=max_bytes)
    faq_kind = DocumentKind.FAQ
    return "\n\n".join(f"{d.title}\n{d.text}" if d.kind is faq_kind else d.text for d in documents)


def unopened(error: OSError, source: str = "") -> UnreadableDocument:
    """Why a file could not be opened."""
    if isinstance(error, FileNotFoundError):
        return UnreadableDocument("no-such-file", source=source)
    if isinstance(error, PermissionError):
        return UnreadableDocument("not-permitted", source=source)
    return UnreadableDocument("not-opened", source=source, problem=error.strerror or type(error).__name__)


def _suffix(source: str, data: bytes) -> str:
    if source != "-":
        return PurePath(source).suffix.lower()
    return ".jsonl" if data.lstrip()[:1] == b"{" else ".txt"


def _unique(
    documents: list[Document], refusals: list[UnreadableDocument], source: str
) -> tuple[list[Document], list[UnreadableDocument]]:
    kept: dict[str, Document] = {}
    for document in documents:
        if document.id in kept:
            refusals.append(UnreadableDocument("id-twice", source=source, id=document.id))
        else:
            kept[document.id] = document
    return list(kept.values()), refusals
