"""Thoughts that a server sends as text: what a model writes between `<think>` and `</think>` before it answers."""

from __future__ import annotations

_OPEN, _CLOSE = "<think>", "</think>"


class ThoughtFilter:
    """Leaves out the thoughts at the beginning of a text. Later on the same words are text like any other.

    thoughts = ThoughtFilter()
    thoughts.feed("<thi")             # ""
    thoughts.feed("nk>Hm.</think>\\n") # ""
    thoughts.feed("Yes")              # "Yes"
    """

    def __init__(self) -> None:
        self._held = ""
        self._state = "before"  # then "within" (if it thinks), "after" (only space came since), "text"

    def feed(self, piece: str) -> str:
        """Take text; give what is no thought."""
        if self._state == "text":
            return piece
        self._held += piece
        if self._state == "before":
            begun = self._held.lstrip()
            if begun.startswith(_OPEN):
                self._state = "within"
            elif not _OPEN.startswith(begun):
                return self._release(self._held)
        if self._state == "within":
            _, closed, rest = self._held.partition(_CLOSE)
            if closed:
                self._state, self._held = "after", rest
        if self._state == "after" and self._held.strip():
            return self._release(self._held.lstrip())
        return ""

    def flush(self) -> str:
        """What was held back when the text ended; nothing of a thought that did not end."""
        return self._release(self._held) if self._state == "before" else ""

    def _release(self, text: str) -> str:
        self._state, self._held = "text", ""
        return text
