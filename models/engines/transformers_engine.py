"""A generator in this process: one thread owns the model and serves many; text comes back to each asker's loop.

engine = TransformersGenerator(folder)
async with contextlib.aclosing(engine.stream(GenerationRequest((ChatMessage("user", "Hello"),)))) as events:
    async for event in events: ...          # Waiting, …, TextChunk, TextChunk, …, Finished
await engine.close()
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from models.devices import Device
from models.engines.jobs import Job
from models.engines.loading import NumberType, load_causal, load_generator
from models.engines.local import LocalGenerator, Next
from models.engines.serving import Server
from models.engines.work import Score, Text, Write
from models.locks import LOADING
from models.types import Caller, ChatMessage, GenerationEvent

if TYPE_CHECKING:
    from models.engines.batching import Record
    from models.engines.running import Running

_WARM_UP = (ChatMessage("user", "Hello"),)


class TransformersGenerator(LocalGenerator):
    """A `Generator` over transformers. Nothing is loaded until the first request, or `warm`.

    `slots` requests are written at once, and requests of `queue_tokens` tokens may wait, prompts and new ones together.
    The text of a request with a seed depends on nothing but the request and the machine; it and others may be written
    from beginnings of prompts that were computed for earlier requests. It looks at `context_tokens` at most, prompt and
    text together; None: at all that it was trained for. `adapters` are LoRA folders by name.
    `guesses`: where a text is written alone, tokens that stood before are computed several at a time, which changes how
    fast it is written and nothing else.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str | None = None,
        languages: Iterable[str] = ("*",),
        device: Device = "auto",
        dtype: NumberType = "auto",
        threads: int | None = None,
        slots: int = 8,
        queue_tokens: int = 65_536,
        context_tokens: int | None = None,
        adapters: Mapping[str, Path] | None = None,
        guesses: bool = True,
    ) -> None:
        super().__init__(folder, name=name, languages=languages, adapters=adapters)
        self._context = min(self._context, context_tokens or self._context)
        self._options = (device, dtype, threads)
        self._slots = slots
        self._guesses = guesses
        self._server = Server(self._name, self._load, slots=slots, bound=queue_tokens)

    async def warm(self) -> None:
        """Load the model now, rather than at the first request. Raises InvalidWeights or EngineFailed."""
        await self.score(_WARM_UP, [])

    async def close(self) -> None:
        """Give up what is running or waiting, and free the model."""
        await asyncio.to_thread(self._server.close)

    def _check_open(self) -> None:
        self._server.check_open()

    @contextmanager
    def _writing(self, text: Text) -> Iterator[Next]:
        job: Job[GenerationEvent] = Job()
        ticket = self._server.submit(Write(job, text))
        try:
            yield job.next
        finally:
            self._server.give_up(ticket)

    async def _judge(
        self, prompt: Sequence[int], continuations: Sequence[Sequence[int]], caller: Caller
    ) -> list[float]:
        job: Job[list[float]] = Job()
        ticket = self._server.submit(Score(job, prompt, continuations, caller))
        try:
            return await job.next()
        finally:
            self._server.give_up(ticket)

    def _load(self, record: Record) -> Running:
        with LOADING:
            from models.engines.running import Running

            # Adapters are laid over transformers' own layers.
            load = load_causal if self._adapters else load_generator
            loaded = load(self._folder, *self._options)
            return Running(loaded, slots=self._slots, record=record, folders=self._adapters, guesses=self._guesses)
