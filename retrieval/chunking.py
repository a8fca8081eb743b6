"""Documents into passages, along headings and sentences, with exact offsets.

Every passage of a text is a slice of it; together the passages cover every character that is not white space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from retrieval.types import Document, DocumentKind, Passage, PassageRole

TARGET = {"zh": 300, "ja": 300, "ko": 400}  # characters; Chinese says about 2.5 times as much in a character
DEFAULT_TARGET = 700
_HEADING = re.compile(r"^(#{1,6})[ \t]+(\S.*)$", re.MULTILINE)
_CLOSERS = "”’」』）)】》〉\"'"
_WIDE_END = re.compile(f"[。！？!?…]+[{_CLOSERS}]*|[；;](?=.{{12}})|\\n+")

Span = tuple[int, int]


def sentences(text: str, language: str = "en") -> list[Span]:
    """Offsets of the sentences of a text, in order, without the white space around them."""
    if not text.strip():
        return []
    spans = _wide_sentences(text) if language in ("zh", "ja") else _sentencex(text, language)
    return [trimmed for span in spans if (trimmed := _trim(text, span))]


def split(document: Document, *, target: int | None = None) -> list[Passage]:
    """The passages of a document. An FAQ entry: its answer first, then its question and other wordings."""
    if document.kind is DocumentKind.FAQ:
        return _split_faq(document)
    passages: list[Passage] = []
    for path, span in _sections(document):
        for start, end in _chunks(document.text, span, document.language, target or _target(document.language)):
            passages.append(_passage(document, len(passages), PassageRole.TEXT, (start, end), path))
    return passages


def _target(language: str) -> int:
    return TARGET.get(language, DEFAULT_TARGET)


def _passage(document: Document, ordinal: int, role: PassageRole, span: Span, path: tuple[str, ...] = ()) -> Passage:
    start, end = span
    return Passage(
        id=f"{document.id}#{ordinal}",
        document_id=document.id,
        ordinal=ordinal,
        role=role,
        text=document.text[start:end],
        start=start,
        end=end,
        language=document.language,
        heading_path=path,
    )


def _split_faq(document: Document) -> list[Passage]:
    span = _trim(document.text, (0, len(document.text)))
    passages = [_passage(document, 0, PassageRole.ANSWER, span)] if span else []
    for wording in dict.fromkeys((document.title, *document.wordings)):
        ordinal = len(passages)
        passages.append(
            Passage(
                id=f"{document.id}#{ordinal}",
                document_id=document.id,
                ordinal=ordinal,
                role=PassageRole.WORDING,
                text=wording,
                start=0,
                end=0,
                language=document.language,
            )
        )
    return passages


def _sections(document: Document) -> Iterator[tuple[tuple[str, ...], Span]]:
    """Pieces of an article between Markdown-style headings, each with the headings above it. The heading's own line
    belongs to its section, so that nothing is lost."""
    text = document.text
    marks = [(match.start(), len(match[1]), match[2].strip()) for match in _HEADING.finditer(text)]
    path: list[tuple[int, str]] = []
    if not marks or marks[0][0] > 0:
        yield (), (0, marks[0][0] if marks else len(text))
    for (start, level, title), (end, *_) in pairwise([*marks, (len(text), 0, "")]):
        path = [item for item in path if item[0] < level] + [(level, title)]
        yield tuple(name for _, name in path), (start, end)


def _chunks(text: str, section: Span, language: str, target: int) -> Iterator[Span]:
    """Sentences gathered up to the target; what is longer than twice the target is cut at white space or anywhere."""
    offset = section[0]
    pieces = [
        piece
        for start, end in sentences(text[slice(*section)], language)
        for piece in _cut(text, (start + offset, end + offset), target)
    ]
    yield from _gather(pieces, target)


def _gather(pieces: Sequence[Span], target: int) -> Iterator[Span]:
    current: Span | None = None
    for start, end in pieces:
        if current is None:
            current = (start, end)
        elif end - current[0] <= target:
            current = (current[0], end)
        else:
            yield current
            current = (start, end)
    if current is not None:
        yield current


def _cut(text: str, span: Span, target: int) -> Iterator[Span]:
    start, end = span
    while end - start > 2 * target:
        space = max(
            text.rfind(" ", start + target // 2, start + target), text.rfind("\n", start + target // 2, start + target)
        )
        stop = space if space > 0 else start + target
        piece = _trim(text, (start, stop))
        if piece:
            yield piece
        start = stop
    if piece := _trim(text, (start, end)):
        yield piece


def _wide_sentences(text: str) -> list[Span]:
    """Sentences of Chinese and Japanese: their ends are marked, whatever stands after them."""
    spans, start = [], 0
    for match in _WIDE_END.finditer(text):
        spans.append((start, match.end()))
        start = match.end()
    return [*spans, (start, len(text))]


def _sentencex(text: str, language: str) -> list[Span]:
    from sentencex import get_sentence_boundaries

    found = get_sentence_boundaries(language, text)
    spans, position = [], 0
    for item in found:  # its offsets are checked against the text: a library's mistake must not lose characters
        start, end = int(item["start_index"]), int(item["end_index"])
        if start < position or end > len(text):
            return [(0, len(text))]
        spans.append((position, end))
        position = end
    return [*spans, (position, len(text))]


def _trim(text: str, span: Span) -> Span | None:
    start, end = span
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    right = len(piece.rstrip())
    return (start + left, start + right) if right > left else None
