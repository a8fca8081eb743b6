"""The console's two screens: a terminal in colour, and plain text for a pipe.

A file that goes with a reply is saved to `folder`, if there is one, and the place is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bot.cli.output import citation_lines, saved, write
from bot.cli.wrap import StreamWrapper
from bot.domain import Reply
from bot.domain.text import harmless
from bot.ports import Texts


class PlainScreen:
    """Text and nothing else: for pipes, files and screen readers."""

    def __init__(self, texts: Texts, folder: Path | None = None) -> None:
        self._texts = texts
        self._folder = folder
        self._midline = False

    def working(self, step: str) -> None:
        """A pipe needs no sign of life."""

    def text(self, piece: str) -> None:
        self._midline = True
        write(piece)

    def finished(self, reply: Reply) -> None:
        self._end_line()
        if reply.notice:
            self.sentence(reply.notice)
        if reply.suggestions:
            self.sentence(self._texts("unknown-suggestions", reply.language))
            for number, suggestion in enumerate(reply.suggestions, start=1):
                self.sentence(f"  {number}. {suggestion}")
        for number, choice in enumerate(reply.choices, start=len(reply.suggestions) + 1):
            self.sentence(f"  {number}. {choice.label}")
        for line in citation_lines(reply):
            self.sentence(line)
        if place := saved(reply, self._folder):
            self.sentence(self._texts("saved-to", reply.language, path=str(place)))
        write("\n")

    def sentence(self, text: str) -> None:
        self._end_line()
        write(text + "\n")

    def welcome(self, title: str, lead: str, questions: Sequence[str]) -> None:
        """A pipe has asked already."""

    def _end_line(self) -> None:
        if self._midline:
            self._midline = False
            write("\n")


class TerminalScreen:
    """Streams the answer, with a spinner until its first piece; sources dim under it."""

    def __init__(self, texts: Texts, console: Console | None = None, folder: Path | None = None) -> None:
        self._texts = texts
        self._folder = folder
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._status = self._console.status("")
        self._spinning = False
        self._midline = False
        self._wrapper = StreamWrapper(self._console.width - 1)

    def working(self, step: str) -> None:
        self._status.update(Text(f"{harmless(step)}…", style="dim"))
        if not self._spinning:
            self._spinning = True
            self._status.start()

    def text(self, piece: str) -> None:
        self._still()
        if not self._midline:
            self._midline = True
            self._wrapper = StreamWrapper(self._console.width - 1)  # the window may have changed
        self._console.print(Text(self._wrapper.feed(harmless(piece))), end="")

    def finished(self, reply: Reply) -> None:
        self._still()
        self._end_line()
        if reply.notice:
            self._dim(reply.notice)
        if reply.suggestions:
            self._line(self._texts("unknown-suggestions", reply.language))
        self._numbered((*reply.suggestions, *(choice.label for choice in reply.choices)))
        for line in citation_lines(reply):
            self._dim(line)
        if place := saved(reply, self._folder):
            self._dim(self._texts("saved-to", reply.language, path=str(place)))
        self._console.print()

    def sentence(self, text: str) -> None:
        self._still()
        self._end_line()
        self._line(text, "yellow")
        self._console.print()

    def welcome(self, title: str, lead: str, questions: Sequence[str]) -> None:
        self._line(title, "bold")
        if questions:
            self._dim(lead)
            self._numbered(questions)
        self._console.print()

    def _numbered(self, lines: Sequence[str]) -> None:
        for number, line in enumerate(lines, start=1):
            self._console.print(Text.assemble((f"  {number}. ", "cyan"), harmless(line)))

    def _end_line(self) -> None:
        if self._midline:
            self._midline = False
            self._console.print(Text(self._wrapper.end()))

    def _dim(self, text: str) -> None:
        self._line(text, "dim")

    def _line(self, text: str, style: str = "") -> None:
        self._console.print(Text(harmless(text), style=style))

    def _still(self) -> None:
        if self._spinning:
            self._spinning = False
            self._status.stop()
