"""A text cut into what is translated and what is not: joined again, the pieces give the text.

Lines, their marks (quotation, list, heading, table cell) and fenced code stay where they are; what remains is cut into
units that a model takes at once. No unit is cut within a protected span.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.tasks.translation.markup import Role, roles
from models.tasks.translation.spans import WRITTEN_OTHERWISE, Span

Find = Callable[[str], Sequence[Span]]
Fits = Callable[[str], bool]

_FENCE = re.compile(r"^[ \t]{0,3}(?P<fence>`{3,}|~{3,})")
_MARKS = re.compile(
    r"(?:[ \t]|>|#{1,6}(?=[ \t])|[-*+•·](?=[ \t])(?:[ \t]+\[[ xX]\](?=[ \t]))?|\d{1,3}(?:[.)](?=[ \t])|、))*"
)
_CELLS = re.compile(r"((?<!\\)\|)")
_WRAPPED = 60  # a line this long that ends within a sentence goes on in the next one
_BREAKS = re.compile(r"[,;:，；：、—–][”’\"')）]*\s*|\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text. One that is to be translated has `spans`, with offsets in it; another is kept."""

    text: str
    translate: bool = False
    spans: tuple[Span, ...] = ()


def cut(text: str, language: str, find: Find, *, sentences: bool, fits: Fits) -> list[Piece]:
    """Cut a text into pieces. `sentences`: a unit is a sentence, else a line of them; `fits`: it is not too long.

    Lines that a program has wrapped are joined to one unit, in languages that are written with spaces.
    """
    pieces: list[Piece] = []
    for content, translate in _lines(text, language):
        if not translate:
            pieces.append(Piece(content))
            continue
        spans = find(content)
        for start, end in _units(content, language, spans, sentences, fits):
            inside = tuple(moved(span, start) for span in spans if start <= span.start and span.end <= end)
            pieces.append(Piece(content[start:end], True, inside))
    return pieces


def moved(span: Span, by: int) -> Span:
    """The span in a text that begins `by` characters later."""
    return Span(span.start - by, span.end - by, span.kind, span.text, span.shown)


def _lines(text: str, language: str) -> Iterator[tuple[str, bool]]:
    """Stretches of the text, and whether they are prose; without white space and marks at their ends."""
    fence = ""
    lines = text.splitlines(keepends=True)
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        found = _FENCE.match(line)
        if fence or found:
            yield line, False
            if not fence:
                assert found is not None
                fence = found["fence"]
            elif found and found["fence"].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
            continue
        while at < len(lines) and language not in WRITTEN_OTHERWISE and _goes_on(line, lines[at]):
            line = f"{line.rstrip()} {lines[at].lstrip()}"
            at += 1
        yield from _line(line)


def _goes_on(line: str, following: str) -> bool:
    bare = line.rstrip()
    return (
        len(bare) >= _WRAPPED
        and (bare[-1].isalnum() or bare[-1] in ",;–—-")
        and following[:1].isalpha()
        and following[:1].islower()
    )


def _line(line: str) -> Iterator[tuple[str, bool]]:
    if line.lstrip().startswith("|"):
        for cell in _CELLS.split(line):
            yield from _stripped(cell, 0)
    else:
        marks = _MARKS.match(line)
        yield from _stripped(line, marks.end() if marks else 0)


def _stripped(text: str, start: int) -> Iterator[tuple[str, bool]]:
    start += len(text[start:]) - len(text[start:].lstrip())
    end = max(start, len(text.rstrip()))
    if text[:start]:
        yield text[:start], False
    if text[start:end]:
        yield text[start:end], any(character.isalpha() for character in text[start:end])
    if text[end:]:
        yield text[end:], False


def _units(text: str, language: str, spans: Sequence[Span], sentences: bool, fits: Fits) -> Iterator[tuple[int, int]]:
    """Offsets of the units of a line, one behind the other; the white space between them belongs to the first."""
    if not sentences and fits(text):
        yield 0, len(text)
        return
    within = [(span.start, span.end) for span in spans]
    closing = {span.start: span.end for span, role in zip(spans, roles(spans), strict=True) if role is Role.CLOSE}
    ends = [_behind(text, end, closing) for end in sentence_ends(text, language)]
    ends = [end for end in dict.fromkeys(ends) if not any(a < end < b for a, b in within)]
    start, last = 0, 0
    for end in [*ends[:-1], len(text)]:
        joined = not sentences and fits(text[start:end])
        if not joined and last > start:
            yield from _short(text, start, last, within, fits)
            start = last
        last = end
    yield from _short(text, start, last, within, fits)


def _behind(text: str, end: int, closing: Mapping[int, int]) -> int:
    """A sentence's end behind the markup that closes there: `**Hello.**` is one piece."""
    moved_end = end
    while moved_end in closing:
        moved_end = closing[moved_end]
    return end if moved_end == end else moved_end + len(text[moved_end:]) - len(text[moved_end:].lstrip())


def _short(text: str, start: int, end: int, within: Sequence[tuple[int, int]], fits: Fits) -> Iterator[tuple[int, int]]:
    """The stretch itself, or its halves and their halves where it does not fit: cut where it hurts least."""
    if fits(text[start:end]):
        yield start, end
        return
    middle = (start + end) // 2
    breaks = [start + match.end() for match in _BREAKS.finditer(text[start:end])]
    allowed = [at for at in breaks if start < at < end and not any(a < at < b for a, b in within)]
    at = min(allowed, key=lambda place: abs(place - middle), default=middle)
    if not allowed and any(a < at < b for a, b in within):
        at = next((b for a, b in within if a < at < b), end)
    if not start < at < end:
        yield start, end
        return
    yield from _short(text, start, at, within, fits)
    yield from _short(text, at, end, within, fits)


def sentence_ends(text: str, language: str) -> list[int]:
    """Where the sentences of a paragraph end, each with the white space after it; the last is the paragraph's end."""
    from sentencex import segment

    ends, at = [], 0
    for sentence in segment(language, text):
        found = text.find(sentence.strip(), at)
        if found < 0:  # a language that the library changes characters in: one sentence then
            return [len(text)]
        at = found + len(sentence.strip())
        ends.append(at + len(text[at:]) - len(text[at:].lstrip()))
    return [*ends[:-1], len(text)]
