"""One unit with its protected spans: what the model is shown, and whether they are all in what it wrote."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.tasks.translation.markup import Role, closes, roles
from models.tasks.translation.spans import Kind, Span
from models.tasks.translation.units import moved

# Translation models copy words that they do not know; letters before a number are copied as one word.
_MARKS = ("QX", "ZJ", "XV", "QZK")
# At these ends of a unit the sentence does without them: a greeting's mention, the emoji and the address behind it.
_PEELED_FIRST = frozenset({Kind.EMOJI, Kind.MENTION})
_PEELED_LAST = frozenset({Kind.EMOJI, Kind.MENTION, Kind.ADDRESS})


@dataclass(frozen=True, slots=True)
class Masked:
    """What the model is shown of a unit: `marks` stand for spans, `open` spans stand as they are."""

    text: str
    marks: tuple[tuple[str, Span, Role], ...]
    open: tuple[Span, ...]

    def restored(self, written: str) -> str | None:
        """The translation with the spans in place of their marks; None where one is missing, doubled or misplaced."""
        text = " ".join(written.split())
        if not text or not self._whole(text) or not self._in_order(text):
            return None
        for mark, span, role in self.marks:
            place = list(_pattern(mark).finditer(text))
            if len(place) != 1:
                return None
            before, after = text[: place[0].start()], text[place[0].end() :]
            # What markup holds is written without spaces to it.
            before = before.rstrip() if role is Role.CLOSE else before
            after = after.lstrip() if role is Role.OPEN else after
            text = f"{before}{span.shown}{after}"
        return text

    def _whole(self, text: str) -> bool:
        """Whether the open spans are all there, and of markup no more than that."""
        for (shown, kind), count in Counter((span.shown, span.kind) for span in self.open).items():
            if _count(text, shown, any_case=kind is Kind.TERM) < count:
                return False
        return all(text.count(s.shown) == self.text.count(s.shown) for s in self.open if s.kind is Kind.MARKUP)

    def _in_order(self, text: str) -> bool:
        """Whether markup stands in the same order as before: `</b>` never before `<b>`."""
        at = 0
        for span in self.open:
            if span.kind is Kind.MARKUP:
                at = text.find(span.shown, at)
                if at < 0:
                    return False
                at += len(span.shown)
        found = [_pattern(mark).search(text) for mark, span, _ in self.marks if span.kind is Kind.MARKUP]
        places = [match.start() for match in found if match is not None]
        return places == sorted(places)


def mask(text: str, spans: Sequence[Span], hidden: frozenset[Kind]) -> Masked:
    """Put marks in place of the spans of the `hidden` kinds."""
    letters = next((one for one in _MARKS if one not in text.upper()), "QXZJ")
    marks: list[tuple[str, Span, Role]] = []
    parts: list[str] = []
    at = 0
    for span, role in zip(spans, roles(spans), strict=True):
        parts.append(text[at : span.start])
        at = span.end
        if span.kind not in hidden:
            parts.append(span.text)
            continue
        # A mark that touches a letter would be read as a part of its word.
        parts.append(" " if text[: span.start][-1:].isalnum() or parts[-1][-1:].isalnum() else "")
        mark = f"{letters}{len(marks) + 1}"
        marks.append((mark, span, role))
        parts.append(mark)
        parts.append(" " if text[span.end :][:1].isalnum() else "")
    parts.append(text[at:])
    return Masked("".join(parts), tuple(marks), tuple(span for span in spans if span.kind not in hidden))


def peel(text: str, spans: Sequence[Span]) -> tuple[str, str, tuple[Span, ...], str]:
    """Take off what may stand outside of the sentence: (before, the rest, its spans, after). It needs no mark there."""
    rest = list(zip(spans, roles(spans), strict=True))
    start, end = 0, len(text)

    def first() -> bool:
        return bool(rest) and not text[start : rest[0][0].start].strip()

    def last() -> bool:
        return bool(rest) and not text[rest[-1][0].end : end].strip()

    while True:
        pair = len(rest) > 1 and first() and last() and _pair(rest[0], rest[-1], [role for _, role in rest[1:-1]])
        if pair or (first() and _peels(rest[0], _PEELED_FIRST)):
            start = rest.pop(0)[0].end
            if not pair:
                continue
        if pair or (last() and _peels(rest[-1], _PEELED_LAST)):
            end = rest.pop()[0].start
            continue
        break
    inner = text[start:end].strip()
    begin = text.index(inner, start) if inner else start
    stop = begin + len(inner)
    return text[:begin], inner, tuple(moved(span, begin) for span, _ in rest), text[stop:]


def between(text: str, spans: Sequence[Span]) -> Iterator[tuple[str, Span | None]]:
    """The text as stretches between its spans, and the span behind each (None after the last)."""
    at = 0
    for span in spans:
        yield text[at : span.start], span
        at = span.end
    yield text[at:], None


def _pair(opening: tuple[Span, Role], closing: tuple[Span, Role], within: Sequence[Role]) -> bool:
    """Whether the first and the last span are the two ends of one thing, with nothing of it in between."""
    ends = opening[1] is Role.OPEN and closing[1] is Role.CLOSE
    balanced = within.count(Role.OPEN) == within.count(Role.CLOSE)
    return ends and balanced and closes(opening[0].text, closing[0].text)


def _peels(one: tuple[Span, Role], kinds: frozenset[Kind]) -> bool:
    span, role = one
    return span.kind in kinds or (span.kind is Kind.MARKUP and role is Role.ALONE)


def _count(text: str, shown: str, any_case: bool) -> int:
    """How often a span stands in a text; a number not as a part of another."""
    before = r"(?<!\d)(?<!\d[.,])" if shown[:1].isdigit() else ""
    after = r"(?![.,]?\d)" if shown[-1:].isdigit() else ""
    return len(re.findall(f"{before}{re.escape(shown)}{after}", text, re.IGNORECASE if any_case else 0))


def _pattern(mark: str) -> re.Pattern[str]:
    letters, number = re.split(r"(?=\d)", mark, maxsplit=1)
    return re.compile(rf"(?<![A-Za-z]){letters}\s?{number}(?!\d)", re.IGNORECASE)
