"""Breaks lines between words while a text is still being written."""

from __future__ import annotations

import re

from rich.cells import cell_len

# A word with the spaces before it, a line end, or a single wide character, after which a line may end as well.
_PIECE = re.compile(
    r"\n|[ \t]*[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+|[ \t]*[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[ \t]+"
)
# These do not begin a line.
_CLOSING = frozenset("，。！？；：、）》」』”’…％")


class StreamWrapper:
    """Takes a text piece by piece and gives it back in lines of at most `width` cells; a longer word stays whole.

    >>> wrapper = StreamWrapper(12)
    >>> wrapper.feed("a quick bro") + wrapper.feed("wn fox") + wrapper.end()
    'a quick\\nbrown fox'
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._column = 0
        self._held = ""

    def feed(self, text: str) -> str:
        """What can be shown by now: all but the last word, which may go on."""
        *whole, self._held = _PIECE.findall(self._held + text) or [""]
        return "".join(map(self._place, whole))

    def end(self) -> str:
        """The rest; the next text begins a line of its own."""
        rest = "".join(map(self._place, _PIECE.findall(self._held)))
        self._held, self._column = "", 0
        return rest

    def _place(self, piece: str) -> str:
        if piece == "\n":
            self._column = 0
            return piece
        size = cell_len(piece)
        word = piece.lstrip(" \t")
        if self._column and self._column + size > self._width and word not in _CLOSING:
            self._column = cell_len(word)
            return f"\n{word}"
        self._column += size
        return piece
