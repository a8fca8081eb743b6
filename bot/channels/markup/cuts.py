"""Where a long text is cut into parts.

A cut falls between paragraphs if it can, else between lines, sentences or words, else between two characters as a
person sees them (grapheme clusters). Where it falls is told by the text up to the end of the part's window alone, so
that text appended later moves no earlier cut.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import regex

Span = tuple[int, int]

_EXTENDS = r"[\p{Grapheme_Cluster_Break=Extend}\p{Grapheme_Cluster_Break=SpacingMark}\u200d]"
# A space that carries an accent, or stands behind a sign that joins what follows, is no space between words.
_SPACE = rf"(?<!\p{{Grapheme_Cluster_Break=Prepend}})\s(?!(?<!\n){_EXTENDS})"
_SPACES = regex.compile(rf"(?:{_SPACE})*")
_TRAILING = regex.compile(rf"(?r)(?:{_SPACE})*")
_EMPTY_LINES = regex.compile(r"(?:[^\S\n]*\n)*")
# Platforms refuse a message without anything to see; formatting characters count as nothing.
_BLANK = regex.compile(r"[\s\p{Cc}\p{Cf}]*")
_GRAPHEME = regex.compile(r"\X")

# All are searched backwards ((?r)); a cut falls where the match begins.
_PARAGRAPH = regex.compile(r"(?r)(?=\n[^\S\n]*\n)")
_LINE = regex.compile(r"(?r)(?=\n)")
_SENTENCE = regex.compile(
    rf"(?r)(?<=[.!?…][\"'”’)\]*_~]*)(?={_SPACE})|(?<=[。！？；…])(?!{_EXTENDS}|[。！？；…”’」』）》*_~])"
)
_WORD = regex.compile(rf"(?r)(?={_SPACE})")


def blank(text: str) -> bool:
    """Whether there is nothing to see in a text."""
    return _BLANK.fullmatch(text) is not None


class Spans:
    """Ranges of a text, asked for the one around a position; those that overlap count as one."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans: list[Span] = []
        for start, end in sorted(spans):
            if self._spans and start < self._spans[-1][1]:
                first, last = self._spans.pop()
                start, end = first, max(last, end)
            self._spans.append((start, end))
        self._starts = [start for start, _ in self._spans]

    def around(self, position: int) -> Span | None:
        """The range that begins before a position and ends behind it."""
        nth = bisect_right(self._starts, position - 1) - 1
        return self._spans[nth] if nth >= 0 and position < self._spans[nth][1] else None

    def holds(self, position: int) -> bool:
        """Whether the character at a position lies in a range."""
        nth = bisect_right(self._starts, position) - 1
        return nth >= 0 and position < self._spans[nth][1]


def slices(
    text: str,
    window: Callable[[int], int],
    *,
    code: Sequence[Span] = (),
    solid: Sequence[Span] = (),
    headings: Collection[int] = (),
) -> Iterator[Span]:
    """Cut a text into parts, given as (start, end).

    `window(start)` gives the position up to which a part that begins at `start` may reach (more than `start`).
    `code` are ranges in which only lines count, and keep their indentation; `solid` ranges are not cut where that can
    be helped; `headings` are the ends of headings, behind which no part ends where that can be helped.

    The parts come in order. Between them, before the first and behind the last stands only what a person cannot see:
    white space and formatting characters. No part is blank. No grapheme cluster is cut, unless it alone is longer than
    a window.
    """
    cutter = _Cutter(text, Spans(code), Spans(solid), headings)
    start = cutter.begin(0)
    while start < len(text):
        end = window(start)
        cut = len(text) if end >= len(text) else cutter.cut(start, end)
        stop = _without_trailing_space(text, start, cut)
        if not blank(text[start:stop]):
            yield start, stop
        start = cutter.begin(cut)


def _without_trailing_space(text: str, start: int, end: int) -> int:
    found = _TRAILING.match(text, start, end)
    return int(found.start()) if found else end


class _Cutter:
    def __init__(self, text: str, code: Spans, solid: Spans, headings: Collection[int]) -> None:
        self._text, self._code, self._solid, self._headings = text, code, solid, headings

    def begin(self, position: int) -> int:
        """Where the next part begins; lines of code keep their indentation."""
        pattern = _EMPTY_LINES if self._code.holds(position) else _SPACES
        found = pattern.match(self._text, position)
        return int(found.end()) if found else position

    def cut(self, start: int, end: int) -> int:
        half = start + (end - start) // 2
        for rank in (self._paragraph, self._outer_line, self._code_paragraph, self._line, self._sentence, self._word):
            if (cut := rank(half, end)) is not None:
                return cut
        # A word longer than half a part: better a short part than a broken link.
        for rank in (self._any_line, self._word):
            cut = rank(start, end)
            if cut is not None and not blank(self._text[start:cut]):
                return cut
        return self._character(start, end)

    def _last(self, pattern: regex.Pattern[str], after: int, end: int, good: Callable[[int], bool]) -> int | None:
        # What stands around the range decides too (lookbehind, lookahead), and may not be hidden from the pattern.
        for found in pattern.finditer(self._text, max(0, after - 16), min(end + 2, len(self._text))):
            at = int(found.start())
            if after < at <= end and good(at) and self._solid.around(at) is None:
                return at
        return None

    def _paragraph(self, after: int, end: int) -> int | None:
        return self._last(_PARAGRAPH, after, end, lambda at: at not in self._headings and self._code.around(at) is None)

    def _outer_line(self, after: int, end: int) -> int | None:
        return self._last(_LINE, after, end, lambda at: at not in self._headings and self._code.around(at) is None)

    def _code_paragraph(self, after: int, end: int) -> int | None:
        return self._last(_PARAGRAPH, after, end, lambda at: at not in self._headings)

    def _line(self, after: int, end: int) -> int | None:
        return self._last(_LINE, after, end, lambda at: at not in self._headings)

    def _any_line(self, after: int, end: int) -> int | None:
        return self._last(_LINE, after, end, lambda at: True)

    def _sentence(self, after: int, end: int) -> int | None:
        return self._last(_SENTENCE, after, end, lambda at: not self._code.holds(at))

    def _word(self, after: int, end: int) -> int | None:
        return self._last(_WORD, after, end, lambda at: True)

    def _character(self, start: int, end: int) -> int:
        best = free = start
        for found in _GRAPHEME.finditer(self._text, start):
            at = int(found.end())
            if at > end:
                break
            best = at
            if self._solid.around(at) is None:
                free = at
        if free > start and not blank(self._text[start:free]):
            return free
        return best if best > start else end
