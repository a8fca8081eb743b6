"""What the paged engine is asked for: a text to write, with its tokens as they come and the way back to whoever asked,
or a look at others' texts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from models.engines.admission import Ticket
from models.engines.loading import LoadedModel
from models.engines.stops import StopFilter
from models.engines.tokenizing import PieceDecoder
from models.engines.work import Text
from models.types import Caller, Finished, FinishReason, GenerationEvent, TextChunk


@dataclass(eq=False, slots=True)
class PagedJob:
    """`limit` is how many tokens it may write: what the text asks for, or less where the cache has no more room.

    `request_id` names it in the loop; it gets a new one when it is taken up again: after the loop died, or when it was
    `paused`. A text that is held to a form pauses after each token: the host must know it to say what may come next.
    """

    text: Text
    seed: int
    pieces: PieceDecoder
    stops: StopFilter
    loop: asyncio.AbstractEventLoop
    limit: int = field(init=False)
    results: asyncio.Queue[GenerationEvent | Exception] = field(default_factory=asyncio.Queue)
    request_id: str = ""
    attempts: int = 0
    reused: int = 0
    tokens: list[int] = field(default_factory=list)
    ticket: Ticket[PagedJob | PagedLook] | None = None
    done: bool = False
    paused: bool = False
    _before: int = 0  # tokens that earlier stretches wrote

    def __post_init__(self) -> None:
        self.limit = self.text.limit

    def options(self, vocabulary: int) -> dict[str, Any]:
        """What the loop's sampling wants to know."""
        constraint = self.text.constraint
        return {
            "temperature": float(self.text.request.temperature),
            "top_p": float(self.text.request.top_p),
            "penalty": float(self.text.request.repetition_penalty),
            "seed": self.seed,
            "adapter": self.text.adapter,
            "allowed": None if constraint is None else constraint.allowed(vocabulary),
        }

    def begin(self, request_id: str) -> tuple[list[int], int]:
        """Start a stretch: what to give to the loop, and how much may come. Goes on where the last one broke off."""
        self.request_id = request_id
        self.paused = False
        self._before = len(self.tokens)
        return [*self.text.prompt, *self.tokens], self.limit - len(self.tokens)

    def take(self, generated: Sequence[int], ended: bool, eos: frozenset[int]) -> Iterable[GenerationEvent]:
        """Take all that this stretch generated so far; give the events that are new. Sets `done` with the last one."""
        text, constraint, at_eos = "", self.text.constraint, False
        for token in generated[len(self.tokens) - self._before :]:
            if token in eos:
                at_eos = True
                break
            self.tokens.append(token)
            if constraint is not None:
                constraint.take(token)
            text += self.stops.feed(self.pieces.feed(token))
            if self.stops.stopped:
                break
        if text:
            yield TextChunk(text)
        if self.stops.stopped:
            yield from self.finish(FinishReason.STOP)
        elif ended:
            at_end = len(self.tokens) >= self.limit
            if constraint is not None and not (at_end or at_eos):
                self.paused = True
                return
            yield from self.finish(FinishReason.LENGTH if at_end else FinishReason.STOP)

    def finish(self, reason: FinishReason) -> Iterable[GenerationEvent]:
        """Give the last events: what the stop strings held back, and `Finished`."""
        self.done = True
        if text := self.stops.flush():
            yield TextChunk(text)
        yield Finished(reason, len(self.text.prompt), len(self.tokens), self.reused)

    async def next(self) -> GenerationEvent:
        """Wait for the next event; raises what the request failed with."""
        result = await self.results.get()
        if isinstance(result, Exception):
            raise result
        return result


@dataclass(eq=False, slots=True)
class PagedLook:
    """Scores that are computed between two steps, when its turn has come. `size` is in tokens."""

    work: Callable[[LoadedModel], list[float]]
    size: int
    caller: Caller
    future: Future[list[float]] = field(default_factory=Future)
    ticket: Ticket[PagedJob | PagedLook] | None = None


class Post:
    """Brings the events of a step to their event loops, with one call for each of them."""

    def __init__(self) -> None:
        self._parcels: dict[asyncio.AbstractEventLoop, list[tuple[PagedJob, GenerationEvent | Exception]]] = {}

    def add(self, job: PagedJob, *events: GenerationEvent | Exception) -> None:
        """Put events in; they go out in this order."""
        self._parcels.setdefault(job.loop, []).extend((job, event) for event in events)

    def send(self) -> list[PagedJob]:
        """Send all; gives the jobs whose event loop is closed, for nobody waits for them any more."""
        lost: list[PagedJob] = []
        for loop, parcels in self._parcels.items():
            try:
                loop.call_soon_threadsafe(_unpack, parcels)
            except RuntimeError:
                lost.extend(job for job, _ in parcels)
        self._parcels = {}
        return lost


def _unpack(parcels: list[tuple[PagedJob, GenerationEvent | Exception]]) -> None:
    for job, event in parcels:
        job.results.put_nowait(event)
