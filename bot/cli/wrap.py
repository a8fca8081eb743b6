"""Breaks lines between words while a text is still being written."""

from __future__ import annotations

import re

from rich.cells import cell_len

_WIDE = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
_OPENING = "（《「『“‘【〈"  # these do not end a line
_CLOSING = "，。！？；：、）》」』”’…％】〉—"  # these do not begin one
# A word with the spaces before it, a line end, or a single wide character, after which a line may end as well. Marks
# stay with what they open or close.
_PIECE = re.compile(rf"\n|[ \t]*[{_OPENING}]*(?:[{_WIDE}]|[^\s{_WIDE}]+)[{_CLOSING}]*|[ \t]*[{_OPENING}]+|[ \t]+")


class StreamWrapper:
    """Takes a text piece by piece and gives it back in lines of at most `width` cells; a longer word stays whole.

    Marks keep to Chinese typesetting: no line begins with a closing one or ends with an opening one.

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
        if self._column and self._column + size > self._width:
            self._column = cell_len(word)
            return f"\n{word}"
        self._column += size
        return piece
