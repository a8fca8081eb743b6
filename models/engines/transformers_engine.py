"""A generator in this process: one thread owns the model and serves many; text comes back to each asker's loop.

engine = TransformersGenerator(folder)
async with contextlib.aclosing(engine.stream(GenerationRequest((ChatMessage("user", "Hello"),)))) as events:
    async for event in events: ...          # Waiting, …, TextChunk, TextChunk, …, Finished
await engine.close()
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from models.engines.adapter_names import adapter_number
from models.engines.jobs import Job
from models.engines.loading import Device, NumberType, context_tokens, end_tokens, load_causal, load_generator
from models.engines.schema import SchemaGuide
from models.engines.serving import Server
from models.engines.tokenizing import ChatTokenizer
from models.engines.work import Score, Write
from models.errors import ContextTooLong
from models.locks import LOADING
from models.types import ChatMessage, Finished, FinishReason, GenerationEvent, GenerationRequest

if TYPE_CHECKING:
    from models.engines.batching import Record
    from models.engines.running import Running

_WARM_UP = (ChatMessage("user", "Hello"),)


class TransformersGenerator:
    """A `Generator` over transformers. Nothing is loaded until the first request, or `warm`.

    `slots` requests are written at once, and requests of `queue_tokens` tokens may wait, prompts and new ones together.
    The text of a request with a seed depends on nothing but the request and the machine; it and others may be written
    from beginnings of prompts that were computed for earlier requests. `adapters` are LoRA folders by name.
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
        adapters: Mapping[str, Path] | None = None,
    ) -> None:
        self._folder = folder
        self._name = name or folder.name
        self._languages = frozenset(languages)
        self._options = (device, dtype, threads)
        self._context = context_tokens(folder)
        self._slots = slots
        self._adapters = dict(adapters or {})
        self._server = Server(self._name, self._load, slots=slots, bound=queue_tokens)
        self._tokenizer: ChatTokenizer | None = None
        self._guide = SchemaGuide(folder, end_tokens(folder))
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._name

    @property
    def languages(self) -> frozenset[str]:
        return self._languages

    @property
    def context_tokens(self) -> int:
        return self._context

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        """Yield pieces of text, then one `Finished`, and `Waiting` before it while others go first.

        Closing the stream frees its place at once, and its part of the model after the step that is being computed.
        Raises ContextTooLong, Overloaded, EngineFailed, InvalidWeights, or UnknownModel for an unknown adapter.
        """
        self._server.check_open()
        adapter = adapter_number(request.adapter, self._adapters, self._name)
        prompt = await asyncio.to_thread(self._prompt, request.messages)
        limit = min(request.max_new_tokens, self._context - len(prompt))
        if limit <= 0:
            yield Finished(FinishReason.LENGTH, len(prompt), 0)
            return
        schema = request.schema
        constraint = None if schema is None else await asyncio.to_thread(self._guide.constraint, schema)
        job: Job[GenerationEvent] = Job()
        ticket = self._server.submit(Write(job, request, prompt, limit, adapter, constraint))
        try:
            while True:
                event = await job.next()
                yield event
                if isinstance(event, Finished):
                    return
        finally:
            self._server.give_up(ticket)

    async def score(self, messages: Sequence[ChatMessage], continuations: Sequence[str]) -> list[float]:
        """Give for each continuation its mean log-probability per token as the assistant's next message."""
        self._server.check_open()
        prompt, options = await asyncio.to_thread(
            lambda: (self._prompt(messages), [self._tokens().encode(text) for text in continuations])
        )
        job: Job[list[float]] = Job()
        ticket = self._server.submit(Score(job, prompt, options))
        try:
            return await job.next()
        finally:
            self._server.give_up(ticket)

    async def warm(self) -> None:
        """Load the model now, rather than at the first request. Raises InvalidWeights or EngineFailed."""
        await self.score(_WARM_UP, [])

    def count_tokens(self, text: str) -> int:
        return len(self._tokens().encode(text))

    async def close(self) -> None:
        """Give up what is running or waiting, and free the model."""
        await asyncio.to_thread(self._server.close)

    def _load(self, record: Record) -> Running:
        with LOADING:
            from models.engines.running import Running

            # Adapters are laid over transformers' own layers.
            load = load_causal if self._adapters else load_generator
            loaded = load(self._folder, *self._options)
            return Running(loaded, slots=self._slots, record=record, folders=self._adapters)

    def _tokens(self) -> ChatTokenizer:
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = ChatTokenizer(self._folder)
            return self._tokenizer

    def _prompt(self, messages: Sequence[ChatMessage]) -> list[int]:
        prompt = self._tokens().encode_chat(messages)
        if len(prompt) >= self._context:
            raise ContextTooLong(
                f"The text is too long for the model '{self._name}': {len(prompt)} tokens, and it can look at "
                f"{self._context}. Shorten it, or split it up."
            )
        return prompt
