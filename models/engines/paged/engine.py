"""The generator for a GPU: many conversations written at once on one model, their common beginnings computed once.

engine = PagedGenerator(folder)
async with contextlib.aclosing(engine.stream(GenerationRequest((ChatMessage("user", "Hello"),)))) as events:
    async for event in events: ...          # Waiting, TextChunk, TextChunk, …, Finished
await engine.close()

Underneath is transformers' continuous batching. A seed gives the same draws each time, but the scores that they are
taken from round a little differently with what else is in the batch. A text that is held to a JSON schema goes through
the batch token by token, each time from what is kept of its beginning: it is written more slowly than others.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.devices import Device
from models.engines.admission import AdmissionQueue
from models.engines.loading import NumberType
from models.engines.local import LocalGenerator, Next
from models.engines.paged.job import PagedJob, PagedLook
from models.engines.paged.ranks import rank, ranks
from models.engines.paged.sizes import PagedSizes
from models.engines.paged.worker import PagedWorker
from models.engines.stops import StopFilter
from models.engines.tokenizing import PieceDecoder
from models.engines.work import Text
from models.errors import EngineFailed
from models.locks import LOADING
from models.types import Caller

if TYPE_CHECKING:
    from models.engines.loading import LoadedModel
    from models.engines.paged.loop import PagedLoop
    from models.memory import Quantisation

_WAITING_TOKENS = 262_144
_SIZES = PagedSizes()


class PagedGenerator(LocalGenerator):
    """A `Generator` over a paged cache. Nothing is loaded until the first request, or `warm`.

    `sizes` bounds the cache and the batches; `context_tokens` what it looks at, prompt and text together (None: all
    that it was trained for); `adapters` are LoRA folders by the name that requests give.
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
        context_tokens: int | None = None,
        adapters: Mapping[str, Path] | None = None,
        waiting_tokens: int = _WAITING_TOKENS,
    ) -> None:
        super().__init__(folder, name=name, languages=languages, adapters=adapters)
        self._context = min(self._context, context_tokens or self._context)
        self._options = (device, dtype, quantisation)
        self._sizes = sizes
        self._worker = PagedWorker(self._name, self._open, AdmissionQueue(slots=sizes.requests, bound=waiting_tokens))

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

    async def close(self) -> None:
        """Give up what is running or waiting, and free the model."""
        await asyncio.to_thread(self._worker.close)

    def _check_open(self) -> None:
        self._worker.check_open()

    @contextmanager
    def _writing(self, text: Text) -> Iterator[Next]:
        seed = text.request.seed
        job = PagedJob(
            text,
            secrets.randbits(63) if seed is None else seed,
            PieceDecoder(self._tokens()),
            StopFilter(text.request.stop),
            asyncio.get_running_loop(),
        )
        self._worker.enter(job)
        try:
            yield job.next
        finally:
            self._worker.leave(job)

    async def _judge(
        self, prompt: Sequence[int], continuations: Sequence[Sequence[int]], caller: Caller
    ) -> list[float]:
        if ranks() > 1:
            raise EngineFailed("Likelihoods are not served over several GPUs. Start one process, or use a server.")
        look = PagedLook(
            lambda loaded: _scores(loaded, prompt, continuations), len(prompt) + sum(map(len, continuations)), caller
        )
        self._worker.enter_look(look)
        try:
            return await asyncio.wrap_future(look.future)
        finally:
            self._worker.leave_look(look)

    def _open(self, deliver: Callable[[Sequence[Any]], None]) -> tuple[LoadedModel, PagedLoop]:
        with LOADING:
            from models.engines.paged.loading import load_for_pages
            from models.engines.paged.loop import PagedLoop

            loaded = load_for_pages(self._folder, *self._options, self._adapters)
        return loaded, PagedLoop(self._name, loaded, self._sizes, deliver)


def _scores(loaded: LoadedModel, prompt: Sequence[int], continuations: Sequence[Sequence[int]]) -> list[float]:
    from models.engines.paged.scoring import mean_log_probabilities

    return mean_log_probabilities(loaded, prompt, continuations)
