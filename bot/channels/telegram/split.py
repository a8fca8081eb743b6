"""Parts of a rendered text, each within Telegram's limits."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from telegram import MessageEntity

from bot.channels.markup.cuts import Span, slices
from bot.channels.markup.partial import partial
from bot.channels.markup.units import Units
from bot.channels.telegram.markup import LIMIT, MOST_ENTITIES, Rendered, render

Placed = tuple[int, int, MessageEntity]  # start, end (positions in the text), and the entity


def parts(markdown: str, *, finished: bool = True, limit: int = LIMIT) -> list[Rendered]:
    """A reply's Markdown as the messages that show it; while it is not `finished`, its end is made presentable."""
    return split(render(markdown if finished else partial(markdown)), limit)


def split(rendered: Rendered, limit: int = LIMIT) -> list[Rendered]:
    """Cut into parts of at most `limit` UTF-16 units and 100 entities; no part is blank.

    The parts' texts come in order, and only what a person cannot see (white space, formatting characters) may be
    missing between them. An entity that is cut goes on in the next part: code stays code, a link stays a link.
    No grapheme cluster is cut that fits into a part.

    Stable under growth: where text is appended, parts stay as they are as long as the rendered text up to the end of
    their window (`limit` units from their start) does. With blocks (paragraphs, tables; not code, which may be of any
    length) of at most half a limit, no words longer than that, and under 100 entities per `limit` units, all parts but
    the last two stay as they are.

    Raises ValueError for a limit below 2.
    """
    if limit < 2:
        raise ValueError(f"A part needs room for a character: limit is {limit}.")
    units = Units(rendered.text)
    placed = _placed(rendered.entities, units, len(rendered.text))
    code = [(start, end) for start, end, entity in placed if entity.type in {"pre", "code"}]
    crowd = _Crowd(placed)

    def window(start: int) -> int:
        return max(start + 1, min(units.reach(start, limit), crowd.reach(start)))

    cuts = slices(
        rendered.text, window, code=code, solid=_links(placed, limit), headings=_headings(rendered.text, placed)
    )
    return [Rendered(rendered.text[start:end], _clipped(placed, start, end, units)) for start, end in cuts]


def _placed(entities: Sequence[MessageEntity], units: Units, length: int) -> list[Placed]:
    placed = [(units.position(one.offset), units.position(one.offset + one.length), one) for one in entities]
    return [(start, min(end, length), one) for start, end, one in placed if start < min(end, length)]


class _Crowd:
    """Tells how far a part reaches before it would have too many entities."""

    def __init__(self, placed: Sequence[Placed]) -> None:
        self._starts = sorted(start for start, _, _ in placed)
        self._ends = sorted(end for _, end, _ in placed)

    def reach(self, start: int) -> int:
        gone = bisect_right(self._ends, start)  # as many end before the part begins
        nth = gone + MOST_ENTITIES  # the first one too many, in the order of beginnings
        return self._starts[nth] if nth < len(self._starts) else 2**62


def _links(placed: Sequence[Placed], limit: int) -> list[Span]:
    return [(start, end) for start, end, one in placed if one.type == "text_link" and end - start <= limit // 4]


def _headings(text: str, placed: Sequence[Placed]) -> set[int]:
    """The ends of bold lines: what follows belongs to them."""
    return {
        end
        for start, end, one in placed
        if one.type == "bold" and (start == 0 or text[start - 1] == "\n") and text[end : end + 1] == "\n"
    }


def _clipped(placed: Sequence[Placed], start: int, end: int, units: Units) -> tuple[MessageEntity, ...]:
    """The entities of a part. `placed` is sorted by start."""
    entities = []
    for first, last, one in placed[: bisect_left(placed, end, key=lambda it: it[0])]:
        if last > start:
            first, last = max(first, start), min(last, end)
            offset, length = units.between(start, first), units.between(first, last)
            entities.append(MessageEntity(one.type, offset, length, url=one.url, language=one.language))
    return tuple(entities[:MOST_ENTITIES])
