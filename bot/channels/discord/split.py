"""Parts of a text in Discord's Markdown, each within Discord's limit.

Discord's servers count code points (discord-api-docs issue 1315), its clients UTF-16 units: the stricter is taken.
Known libraries do not fit: `discord.ext.commands.Paginator` takes lines (a longer one is an error) and puts one fence
around all; Red-DiscordBot's `pagify` and the packages on PyPI do not keep fences, quotations or graphemes whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.channels.discord.markup import convert
from bot.channels.markup.cuts import Spans, slices
from bot.channels.markup.partial import partial
from bot.channels.markup.units import Units, utf16

LIMIT = 2000
_SMALLEST = 128
_FENCE = re.compile(r"```(?:(?P<language>[A-Za-z0-9_+.#-]{1,32})(?=\n))?")
_QUOTE = re.compile(r"(?:[ \t]{0,8}>){1,8}[ \t]?|")
_HEADING = re.compile(r"^(?:#{1,3} [^\n]*|\*\*[^*\n]+\*\*:?)(?=\n)", re.MULTILINE)
# Not cut where that can be helped: links, short code, bold and the like.
_SOLID = re.compile(
    r"(`+)(?!`)[^\n]+?(?<!`)\1(?!`)|\[[^\]\n]*\]\([^)\s]*\)|https?://\S+"
    r"|(\*{1,3}|_{1,3}|~~)(?=\S)(?:(?!\2)[^\n])+?(?<=\S)\2"
)

_MARGIN = frozenset("\n \t>")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part: a stretch of the text, with the fence lines that were added before and after it."""

    text: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        return f"{self.before}{self.text}{self.after}"


@dataclass(frozen=True, slots=True)
class _Fence:
    """Code between ``` and ```: where it begins, its content, where it ends, and the lines to close and reopen it."""

    start: int
    inside: int
    inside_end: int
    end: int
    reopen: str
    close: str


def parts(markdown: str, *, finished: bool = True, limit: int = LIMIT) -> list[str]:
    """A reply's Markdown as the messages that show it; while it is not `finished`, its end is made presentable."""
    return split(convert(markdown if finished else partial(markdown)), limit)


def split(markdown: str, limit: int = LIMIT) -> list[str]:
    """Cut a text in Discord's Markdown (what `convert` gives) into parts of at most `limit` UTF-16 units.

    No part is blank, and each closes the code that it opens: where code is cut, its fence is closed and opened again
    with its language in the next part. Apart from those lines, only what a person cannot see (white space, formatting
    characters) may be missing between the parts. No grapheme cluster is cut that fits into a part.

    Stable under growth as `bot.channels.telegram.split.split` is: with paragraphs of at most half a limit and no words
    longer than that, all parts but the last two stay as they are while text is appended.

    Raises ValueError for a limit below 128.
    """
    return [str(piece) for piece in pieces(markdown, limit)]


def pieces(markdown: str, limit: int = LIMIT) -> Iterator[Piece]:
    """As `split`, with the lines that were added kept apart."""
    if limit < _SMALLEST:
        raise ValueError(f"A part needs room for a fence: limit is {limit}, the least is {_SMALLEST}.")
    units = Units(markdown)
    fences = list(_fences(markdown))
    by_place = Spans([(fence.start, fence.end) for fence in fences])
    around = {fence.start: fence for fence in fences}

    def fence_at(position: int) -> _Fence | None:
        """The fence whose content a cut at the position would divide."""
        span = by_place.around(position)
        return around[span[0]] if span else None

    def window(start: int) -> int:
        opened = fence_at(start)
        room = limit - (utf16(opened.reopen) if opened else 0)
        end = units.reach(start, room)
        if end >= len(markdown) and not (fences and fences[-1].end > len(markdown)):
            return end
        closings = (utf16(one.close) for one in fences if one.end > start and one.start < end)
        return max(start + 1, units.reach(start, room - max(closings, default=0)))

    code = [(fence.inside, fence.inside_end) for fence in fences]
    delimiters = [edge for fence in fences for edge in _edges(markdown, fence)]
    for start, end in slices(
        markdown,
        window,
        code=code,
        solid=[*delimiters, *_solid(markdown, by_place, limit)],
        headings=_headings(markdown),
    ):
        opened, closed = fence_at(start), fence_at(end)
        yield Piece(markdown[start:end], opened.reopen if opened else "", closed.close if closed else "")


def _fences(text: str) -> Iterator[_Fence]:
    position = 0
    while opening := _FENCE.search(text, position):
        start, inside = opening.span()
        line = text.rfind("\n", 0, start) + 1
        found = _QUOTE.match(text, line, start)
        quote = found[0] if found else ""
        closing = text.find("```", inside)
        end = closing + 3 if closing >= 0 else len(text) + 1
        inside_end = closing if closing >= 0 else len(text) + 1
        yield _Fence(start, inside, inside_end, end, f"{quote}```{opening['language'] or ''}\n", f"\n{quote}```")
        position = end


def _edges(text: str, fence: _Fence) -> Iterator[tuple[int, int]]:
    """The ends of a fence with the white space and quotation marks within, so that no part gets code without a word."""
    first, last = fence.inside, min(fence.inside_end, len(text))
    while first < last and text[first] in _MARGIN:
        first += 1
    while last > first and text[last - 1] in _MARGIN:
        last -= 1
    yield fence.start, first + 1
    yield last - 1, fence.end


def _solid(text: str, code: Spans, limit: int) -> Iterator[tuple[int, int]]:
    for found in _SOLID.finditer(text):
        start, end = found.span()
        if end - start <= limit // 4 and not code.holds(start) and not code.holds(end - 1):
            yield start, end


def _headings(text: str) -> set[int]:
    return {found.end() for found in _HEADING.finditer(text)}
