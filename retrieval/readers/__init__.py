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
        kind = f"a {suffix} file" if suffix else "a file without an ending"
        raise UnreadableDocument(f"{kind} is not a kind of file that Parley reads ({known}).", source=source)
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
        raise UnreadableDocument(unopened(error), source=str(path)) from error
    documents, _ = read(source, data, max_bytes=max_bytes)
    faq_kind = DocumentKind.FAQ
    return "\n\n".join(f"{d.title}\n{d.text}" if d.kind is faq_kind else d.text for d in documents)


def unopened(error: OSError) -> str:
    """Why a file could not be opened, as a sentence."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file; check the path."
    if isinstance(error, PermissionError):
        return "it may not be read; give yourself the permission to read it."
    return f"it cannot be opened ({error.strerror or type(error).__name__})."


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
            reason = f"the id “{document.id}” is used twice in this file; give the second one another id."
            refusals.append(UnreadableDocument(reason, source=source))
        else:
            kept[document.id] = document
    return list(kept.values()), refusals
