"""Writes text and entities side by side. What is opened inside is closed inside, so entities never cross."""

from __future__ import annotations

from dataclasses import dataclass

from telegram import MessageEntity

from bot.channels.markup.units import utf16


@dataclass(slots=True)
class _Open:
    type: str  # empty where nothing is to be marked
    start: int
    url: str | None = None


class Writer:
    """Text so far with its entities; offsets are UTF-16 units."""

    def __init__(self) -> None:
        self.offset = 0
        self.entities: list[MessageEntity] = []
        self._pieces: list[str] = []
        self._open: list[_Open] = []

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def write(self, text: str) -> None:
        self._pieces.append(text)
        self.offset += utf16(text)

    def ends_with(self, text: str) -> bool:
        return "".join(self._pieces[-3:]).endswith(text)

    def mark(self, kind: str, start: int, url: str | None = None, language: str | None = None) -> None:
        """Mark what was written since `start`."""
        if self.offset > start:
            self.entities.append(MessageEntity(kind, start, self.offset - start, url=url, language=language))

    def open(self, kind: str, url: str | None = None) -> None:
        """Begin an entity; within one of its own kind, nothing is marked (links do not nest, bold is bold)."""
        self._open.append(_Open("" if self.within(kind) else kind, self.offset, url))

    def close(self) -> None:
        """End the entity that was begun last."""
        one = self._open.pop()
        if one.type:
            self.mark(one.type, one.start, one.url)

    def within(self, kind: str) -> bool:
        return any(one.type == kind for one in self._open)

    def code(self, text: str) -> None:
        """Code, which lies in no other inline entity: those are interrupted. In a link it is the link's text."""
        if self.within("text_link"):
            self.write(text)
            return
        for one in reversed(self._open):
            if one.type:
                self.mark(one.type, one.start, one.url)
        start = self.offset
        self.write(text)
        self.mark("code", start)
        for one in self._open:
            one.start = self.offset
