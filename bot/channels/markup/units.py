"""Lengths and offsets in UTF-16 code units, as the platforms count them."""

from __future__ import annotations

import re
from bisect import bisect_left

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def utf16(text: str) -> int:
    """The length of a text in UTF-16 code units."""
    return len(text) if text.isascii() else len(text) + len(_ASTRAL.findall(text))


class Units:
    """Converts between positions in a text (code points) and UTF-16 code units.

    >>> Units("a😀b").between(0, 2)
    3
    """

    def __init__(self, text: str) -> None:
        self._length = len(text)
        self._astral = [] if text.isascii() else [found.start() for found in _ASTRAL.finditer(text)]
        self._astral_units = [position + nth for nth, position in enumerate(self._astral)]

    def between(self, start: int, end: int) -> int:
        """UTF-16 units from one position to another."""
        if not self._astral:
            return end - start
        return end - start + bisect_left(self._astral, end) - bisect_left(self._astral, start)

    def position(self, offset: int) -> int:
        """The position at an offset in UTF-16 units; within a surrogate pair, that of its character."""
        return offset - bisect_left(self._astral_units, offset)

    def reach(self, start: int, units: int) -> int:
        """The farthest position up to which no more than so many units lie; at most one unit short of it."""
        end = min(start + units, self._length)
        while (excess := self.between(start, end) - units) > 0:
            end -= (excess + 1) // 2
        return end
