"""The worker: runs the dialogue for turns that other processes have accepted and deliver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from bot.delivery.conductor import Conductor
from bot.delivery.rules import TurnRules
from bot.domain import Event, TextDelta, Turn, Working
from bot.ports import LanguageTools, Storage, Texts
from bot.queueing.bus import Bus
from bot.queueing.jobs import Jobs
from bot.queueing.ping import PING
from bot.queueing.remote import QUEUE, TASK

log = logging.getLogger(__name__)

TELL_EVERY = 0.2  # seconds between two pieces of growing text
PIECE = 600  # characters in a message, which as ASCII JSON (12 bytes for an emoji) must stay below 8,000 bytes


class Worker:
    """Answers turns from the queue, several at once, and tells the others how the text grows."""

    def __init__(
        self,
        jobs: Jobs,
        bus: Bus,
        storage: Storage,
        conductor: Conductor,
        texts: Texts,
        languages: LanguageTools,
        rules: TurnRules,
        at_once: int = 64,
    ) -> None:
        self._jobs = jobs
        self._bus = bus
        self._storage = storage
        self._conductor = conductor
        self._texts = texts
        self._languages = languages
        self._rules = rules
        self._at_once = at_once
        self._answering: dict[int, asyncio.Task[None]] = {}
        self._stopped: set[int] = set()
        jobs.task(TASK, self._answer)
        jobs.task(PING, _pinged)
        bus.hear(self._heard)

    async def run(self) -> None:
        """Until cancelled; what is being answered then goes back to the queue, unless it is finished in time."""
        await self._jobs.work([QUEUE], self._at_once)

    async def _answer(self, turn: int, attempts: int) -> None:
        """A job. The end is told however it came; what counts is in storage."""
        while (earlier := self._answering.get(turn)) is not None:  # it counted as lost, and was not
            await asyncio.wait([earlier])
            await asyncio.sleep(0)  # until its job is over
        known = await self._storage.read(lambda work: work.turns.get(turn))
        if known is not None and known.unfinished:
            await (self._conductor.interrupted(known) if known.stopped else self._work_on(known, attempts))
        await self._bus.tell({"turn": turn, "ended": True})

    async def _work_on(self, turn: Turn, attempts: int) -> None:
        answering = self._answering[turn.id] = asyncio.create_task(self._pass_on(turn, attempts))
        try:
            await asyncio.wait([answering])
        except asyncio.CancelledError:  # the worker ends: the answer goes back
            answering.cancel()
            await asyncio.wait([answering])
            raise
        finally:
            del self._answering[turn.id]
            self._stopped.discard(turn.id)
        if not answering.cancelled() and (error := answering.exception()) is not None:
            raise error

    async def _pass_on(self, turn: Turn, attempts: int) -> None:
        telling = _Telling(self._bus, turn.id)
        growing = asyncio.create_task(telling.run())
        try:
            async with aclosing(self._events(turn, attempts)) as events:
                async for event in events:
                    telling.note(event)
        finally:
            growing.cancel()
            await asyncio.gather(growing, return_exceptions=True)

    def _events(self, turn: Turn, attempts: int) -> AsyncGenerator[Event, None]:
        if attempts >= self._rules.attempts:
            language = self._languages.detect(turn.text, turn.origin.locale or "en")
            return self._conductor.refuse(turn, self._texts("gave-up", language))
        return self._conductor.answer(turn, lambda: turn.id not in self._stopped)

    def _heard(self, message: dict[str, Any]) -> None:
        if isinstance(turn := message.get("stop answer"), int) and turn in self._answering:
            self._stop(turn)

    def _stop(self, turn: int) -> None:
        self._stopped.add(turn)
        self._answering[turn].cancel()


async def _pinged(attempts: int) -> None:
    """Nothing: that it was done is the answer."""


class _Telling:
    """Tells how an answer grows, a few times a second."""

    def __init__(self, bus: Bus, turn: int) -> None:
        self._bus = bus
        self._turn = turn
        self._text = ""
        self._told = 0
        self._step: dict[str, Any] | None = None
        self._more = asyncio.Event()

    def note(self, event: Event) -> None:
        if isinstance(event, TextDelta):
            self._text += event.text
        elif isinstance(event, Working):
            waits = event.step == "waiting"
            self._step = {"waiting": [event.place, event.seconds]} if waits else {"step": event.step}
        self._more.set()

    async def run(self) -> None:
        while True:
            await self._more.wait()
            self._more.clear()
            if self._step is not None:
                step, self._step = self._step, None
                await self._bus.tell({"turn": self._turn, **step})
            while self._told < len(self._text):
                piece = self._text[self._told : self._told + PIECE]
                await self._bus.tell({"turn": self._turn, "at": self._told, "text": piece})
                self._told += len(piece)
            await asyncio.sleep(TELL_EVERY)
