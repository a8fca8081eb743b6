"""Reading the files that people send: their bytes within bounds, and their text; why one cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from bot.domain import File
from bot.domain.text import clean, without_headings
from bot.errors import InvalidInput
from bot.ports import Document, DocumentKind

MAX_NAME = 120  # characters; what is cut stands before the ending


def safe_name(name: str) -> str:
    """A file's bare name, without folders and control characters, and not endless.

    >>> safe_name("../../etc/faq.yaml"), safe_name("C:\\\\files\\\\price list.csv")
    ('faq.yaml', 'price list.csv')
    """
    bare = PurePosixPath(clean(name).replace("\\", "/").replace("\n", " ")).name
    ending = PurePosixPath(bare).suffix[:20]
    return bare if len(bare) <= MAX_NAME else bare[: MAX_NAME - len(ending)] + ending


def file_bytes(file: File, max_bytes: int) -> bytes:
    """The content of a file that Parley has a reader for. Raises InvalidInput. Blocks: call it in a thread."""
    from retrieval.errors import UnreadableDocument
    from retrieval.readers import READERS, is_readable
    from retrieval.readers.decode import decode

    name = safe_name(file.name)
    if not is_readable(name):
        known = " ".join(sorted(READERS))
        raise InvalidInput(f"This kind of file cannot be read ({known}).", text_id="file-kind", known=known)
    try:
        path = Path(file.path)
        size = path.stat().st_size
        data = path.read_bytes() if size <= max_bytes else b""
    except OSError as error:
        raise InvalidInput("The file is no longer there.", text_id="file-gone") from error
    if size > max_bytes:
        megabytes, limit = size / 1e6, max_bytes / 1e6
        raise InvalidInput(
            f"The file has {megabytes:.1f} MB; at most {limit:g} MB are read.",
            text_id="file-too-large",
            size=megabytes,
            limit=limit,
        )
    if not data.strip():
        raise InvalidInput("The file is empty.", text_id="file-empty")
    try:
        decode(data, name, max_bytes)
    except UnreadableDocument as error:
        raise InvalidInput("The file holds no readable text.", text_id="file-not-text") from error
    return data


def file_text(file: File, max_bytes: int, language: str) -> str:
    """The readable text of a file; of FAQ entries, questions and answers. Raises InvalidInput. Blocks."""
    from bot.doors.knowledge import knowledge_errors
    from retrieval.readers import read

    data = file_bytes(file, max_bytes)
    with knowledge_errors():
        documents, _ = read(safe_name(file.name), data, language=language, max_bytes=max_bytes)
    return clean("\n\n".join(_shown(document) for document in documents))


def preview(documents: Sequence[Document], length: int = 240) -> str:
    """How what was read begins, without headings."""
    text = clean(documents[0].text) if documents else ""
    text = without_headings(text) or text
    return text if len(text) <= length else text[:length].rstrip() + " …"


def _shown(document: Document) -> str:
    return f"{document.title}\n{document.text}" if document.kind is DocumentKind.FAQ else document.text
