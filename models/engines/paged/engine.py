"""The generator for a GPU: many conversations written at once on one model, their common beginnings computed once.

engine = PagedGenerator(folder)
async with contextlib.aclosing(engine.stream(GenerationRequest((ChatMessage("user", "Hello"),)))) as events:
    async for event in events: ...          # Waiting, TextChunk, TextChunk, …, Finished
await engine.close()

Underneath is transformers' continuous batching. What it cannot: `repetition_penalty` (a batch knows no history) and
`schema` are not applied; a seed gives the same draws each time, but the scores that they are taken from round a little
differently with what else is in the batch.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.engines.adapter_names import adapter_number
from models.engines.admission import AdmissionQueue
from models.engines.loading import Device, NumberType, context_tokens
from models.engines.paged.job import PagedJob
from models.engines.paged.ranks import rank, ranks
from models.engines.paged.sizes import PagedSizes
from models.engines.paged.worker import PagedWorker
from models.engines.stops import StopFilter
from models.engines.tokenizing import ChatTokenizer, PieceDecoder
from models.errors import ContextTooLong, EngineFailed
from models.locks import LOADING
from models.types import ChatMessage, Finished, FinishReason, GenerationEvent, GenerationRequest

if TYPE_CHECKING:
    from models.engines.loading import LoadedModel
    from models.engines.paged.loading import Quantisation
    from models.engines.paged.loop import PagedLoop

_WAITING_TOKENS = 262_144
_SIZES = PagedSizes()


class PagedGenerator:
    """A `Generator` over a paged cache. Nothing is loaded until the first request, or `warm`.

    `sizes` bounds the cache and the batches; `adapters` are LoRA folders by the name that requests give.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str | None = None,
        languages: Iterable[str] = ("*",),
        device: Device = "auto",
        dtype: NumberType = "auto",
        quantisation: Quantisation = "none",
        sizes: PagedSizes = _SIZES,
        adapters: Mapping[str, Path] | None = None,
        waiting_tokens: int = _WAITING_TOKENS,
    ) -> None:
        self._folder = folder
        self._name = name or folder.name
        self._languages = frozenset(languages)
        self._options = (device, dtype, quantisation)
        self._sizes = sizes
        self._adapters = dict(adapters or {})
        self._context = context_tokens(folder)
        self._lock = threading.Lock()
        self._tokenizer: ChatTokenizer | None = None
        self._worker = PagedWorker(self._name, self._open, AdmissionQueue(slots=sizes.requests, bound=waiting_tokens))

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
        """Yield `Waiting` while others are first, pieces of text, then one `Finished`. Closing the stream frees its
        pages before the next token.

        Raises ContextTooLong, Overloaded, EngineFailed, InvalidWeights, or UnknownModel for an unknown adapter.
        """
        adapter = adapter_number(request.adapter, self._adapters, self._name)
        prompt = await asyncio.to_thread(self._prompt, request.messages)
        limit = min(request.max_new_tokens, self._context - len(prompt))
        if limit <= 0:
            yield Finished(FinishReason.LENGTH, len(prompt), 0)
            return
        job = PagedJob(
            request,
            prompt,
            limit,
            secrets.randbits(63) if request.seed is None else request.seed,
            adapter,
            PieceDecoder(self._tokens()),
            StopFilter(request.stop),
            asyncio.get_running_loop(),
        )
        self._worker.enter(job)
        try:
            while True:
                event = await job.next()
                yield event
                if isinstance(event, Finished):
                    return
        finally:
            self._worker.leave(job)

    async def score(self, messages: Sequence[ChatMessage], continuations: Sequence[str]) -> list[float]:
        """Give for each continuation its mean log-probability per token as the assistant's next message."""
        if ranks() > 1:
            raise EngineFailed("Likelihoods are not served over several GPUs. Start one process, or use a server.")
        prompt = await asyncio.to_thread(self._prompt, messages)
        tokens = [self._tokens().encode(text) for text in continuations]
        return await asyncio.wrap_future(self._worker.ask(lambda loaded: _scores(loaded, prompt, tokens)))

    async def warm(self) -> None:
        """Load the model now, rather than at the first request. Raises InvalidWeights or EngineFailed."""
        await asyncio.wrap_future(self._worker.ask(lambda loaded: None, pause=False))

    def follow(self) -> None:
        """Under `torchrun`, on every rank but the first: load a part of the model and compute along until rank 0 stops.

        On rank 0, or without `torchrun`, it returns at once. Raises InvalidWeights or EngineFailed.
        """
        if rank() == 0:
            return
        _, loop = self._open(lambda outputs: None)
        loop.start()
        loop.follow()

    async def layout(self) -> dict[str, Any]:
        """Load the model if it is not, and give how it runs: the attention, graphs, the cache's size; for figures."""
        await self.warm()
        return self._worker.layout()

    def count_tokens(self, text: str) -> int:
        return len(self._tokens().encode(text))

    async def close(self) -> None:
        """Give up what is running or waiting, and free the model."""
        await asyncio.to_thread(self._worker.close)

    def _open(self, deliver: Callable[[Sequence[Any]], None]) -> tuple[LoadedModel, PagedLoop]:
        with LOADING:
            from models.engines.paged.loading import load_for_pages
            from models.engines.paged.loop import PagedLoop

            loaded = load_for_pages(self._folder, *self._options, self._adapters)
        return loaded, PagedLoop(self._name, loaded, self._sizes, deliver)

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


def _scores(loaded: LoadedModel, prompt: Sequence[int], continuations: Sequence[Sequence[int]]) -> list[float]:
    from models.engines.paged.scoring import mean_log_probabilities

    return mean_log_probabilities(loaded, prompt, continuations)
