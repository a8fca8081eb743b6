"""How far the answer to a turn is. Events are taken as fast as they come; whoever paints looks when it is ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress

from bot.domain import Completed, Event, Failed, Reply, TextDelta, Working


class Progress:
    """The newest text of an answer, and how it ended: by a `reply`, by a `reason`, or else it was broken off."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.reply: Reply | None = None
        self.waiting: Working | None = None  # for the model, at the moment
        self.reason = ""
        self.began = asyncio.Event()  # the first text is there, or the end
        self.streams = asyncio.Event()  # the second piece of text is there, or the end: it comes piece by piece
        self.ended = asyncio.Event()

    @property
    def text(self) -> str:
        """All text so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    async def follow(self, events: AsyncGenerator[Event, None]) -> None:
        """Take all events. Cancelling it closes their source."""
        try:
            async with aclosing(events):
                async for event in events:
                    self._note(event)
        finally:
            self.end()

    def end(self) -> None:
        """Nothing more comes."""
        for signal in (self.ended, self.streams, self.began):
            signal.set()

    def _note(self, event: Event) -> None:
        if isinstance(event, Working):
            self.waiting = event if event.step == "waiting" else None
        elif isinstance(event, TextDelta) and event.text:
            self._pieces.append(event.text)
            (self.streams if self.began.is_set() else self.began).set()
        elif isinstance(event, Completed):
            self.reply = event.reply
        elif isinstance(event, Failed):
            self.reason = event.reason


async def happens(event: asyncio.Event, within: float) -> bool:
    """Wait for an event at most so many seconds; whether it is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            await event.wait()
    return event.is_set()
