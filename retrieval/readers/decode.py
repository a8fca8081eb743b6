"""Bytes into clean text: UTF-8 first, then by statistics; binary, empty and oversized files are refused."""

from __future__ import annotations

import re
import unicodedata

from retrieval.errors import UnreadableDocument
from retrieval.refusals import sizes

MAX_BYTES = 20_000_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_BINARY_SHARE = 0.02  # of control characters; text has next to none
_SAMPLE = 200_000  # bytes that the guess of the encoding reads


def decode(data: bytes, source: str, max_bytes: int = MAX_BYTES) -> str:
    """The text of a file, NFC, with `\\n` line ends and without control characters.

    Raises UnreadableDocument if it is too large, empty or not text.
    """
    if len(data) > max_bytes:
        raise UnreadableDocument("too-large", source=source, line=None, **sizes(len(data), max_bytes))
    text = _decode(data, source)
    if len(_CONTROL.findall(text[:_SAMPLE])) > _BINARY_SHARE * len(text[:_SAMPLE]):
        raise UnreadableDocument("binary", source=source)
    cleaned = clean(text)
    if not cleaned.strip():
        raise UnreadableDocument("empty", source=source)
    return cleaned


def clean(text: str) -> str:
    """NFC, `\\n` line ends, no control characters, no lone surrogates, no byte order mark."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n").replace("\u2028", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", lines)).lstrip("\ufeff")


def _decode(data: bytes, source: str) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _strict(data, encoding, source)
    if b"\x00" in data[:_SAMPLE] and not _looks_like_utf16(data):
        raise UnreadableDocument("binary", source=source)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _guess(data, source)


def _looks_like_utf16(data: bytes) -> bool:
    """Text in UTF-16 without its mark: about every second byte of Latin text is zero, always on the same side."""
    sample = data[:2000]
    zeros = [sample[side::2].count(0) / max(1, len(sample) // 2) for side in (0, 1)]
    return len(data) % 2 == 0 and max(zeros) > 0.4 and min(zeros) < 0.05


def _strict(data: bytes, encoding: str, source: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableDocument("damaged", source=source) from error


def _guess(data: bytes, source: str) -> str:
    try:  # Chinese files are the common case that statistics get wrong on short texts
        text = data.decode("gb18030")
        han = sum("\u4e00" <= character <= "\u9fff" for character in text)
        if han and han >= 0.5 * sum(ord(character) > 127 for character in text):
            return text
    except UnicodeDecodeError:
        pass
    from charset_normalizer import from_bytes

    match = from_bytes(data[:_SAMPLE]).best()
    if match is None:
        raise UnreadableDocument("unknown-encoding", source=source)
    return data.decode(match.encoding, errors="replace")
