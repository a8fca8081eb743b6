"""A generator in this process: one thread owns the model, requests queue, text comes back to each asker's loop.

engine = TransformersGenerator(folder)
async with contextlib.aclosing(engine.stream(GenerationRequest((ChatMessage("user", "Hello"),)))) as events:
    async for event in events: ...          # TextChunk, TextChunk, …, Finished
await engine.close()
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from pathlib import Path
from traceback import format_tb
from typing import TYPE_CHECKING, Generic, TypeVar

from models.engines.loading import Device, NumberType, context_tokens, load_causal
from models.engines.stops import StopFilter
from models.engines.tokenizing import ChatTokenizer, PieceDecoder
from models.errors import ContextTooLong, EngineFailed, ModelError
from models.locks import LOADING
from models.types import ChatMessage, Finished, FinishReason, GenerationEvent, GenerationRequest, TextChunk

if TYPE_CHECKING:
    from models.engines.decoding import Decoder

_LOG = logging.getLogger(__name__)
_CLOSED = "The model was closed while this was being written. Start Parley again and ask once more."

T = TypeVar("T")


class TransformersGenerator:
    """A `Generator` over transformers. Nothing is loaded until the first request, or `warm`."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str | None = None,
        languages: Iterable[str] = ("*",),
        device: Device = "auto",
        dtype: NumberType = "auto",
        threads: int | None = None,
    ) -> None:
        self._folder = folder
        self._name = name or folder.name
        self._languages = frozenset(languages)
        self._options = (device, dtype, threads)
        self._context = context_tokens(folder)
        self._jobs: queue.SimpleQueue[_Job[object] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._tokenizer: ChatTokenizer | None = None
        self._thread: threading.Thread | None = None
        self._decoder: Decoder | None = None
        self._closed = threading.Event()

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
        """Yield pieces of text, then one `Finished`. Closing the stream frees the model at the next token.

        Raises ContextTooLong, EngineFailed or InvalidWeights.
        """
        job: _Job[TextChunk | Finished] = _Job(asyncio.get_running_loop(), lambda job: self._write(request, job))
        self._submit(job)
        try:
            while True:
                event = await job.next()
                yield event
                if isinstance(event, Finished):
                    return
        finally:
            job.cancelled.set()

    async def score(self, messages: Sequence[ChatMessage], continuations: Sequence[str]) -> list[float]:
        """Give for each continuation its mean log-probability per token as the assistant's next message."""
        return await self._ask(lambda decoder: self._score(decoder, messages, continuations))

    async def warm(self) -> None:
        """Load the model now, rather than at the first request. Raises InvalidWeights or EngineFailed."""
        await self._ask(lambda decoder: None)

    def count_tokens(self, text: str) -> int:
        return len(self._tokens().encode(text))

    async def close(self) -> None:
        """Give up what is running or waiting, and free the model."""
        self._closed.set()
        with self._lock:
            thread, self._thread = self._thread, None
            self._jobs.put(None)
        if thread is not None:
            await asyncio.to_thread(thread.join)

    async def _ask(self, work: Callable[[Decoder], T]) -> T:
        job: _Job[T] = _Job(asyncio.get_running_loop(), lambda job: job.deliver(work(self._load())))
        self._submit(job)
        try:
            return await job.next()
        finally:
            job.cancelled.set()

    def _submit(self, job: _Job[T]) -> None:
        with self._lock:
            if self._closed.is_set():
                raise EngineFailed(_CLOSED)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"parley-{self._name}", daemon=True)
                self._thread.start()
            self._jobs.put(job)  # type: ignore[arg-type]  # a queue of jobs of any kind

    def _run(self) -> None:
        """Do one job after another, in the engine's own thread, until the engine is closed."""
        while (job := self._jobs.get()) is not None:
            if self._closed.is_set():
                job.fail(EngineFailed(_CLOSED))
            elif not job.cancelled.is_set():
                self._do(job)
        self._decoder = None

    def _do(self, job: _Job[object]) -> None:
        with LOADING:
            from models.engines.decoding import Cancelled

        try:
            job.work(job)
        except Cancelled:
            job.fail(EngineFailed(_CLOSED))
        except ModelError as error:
            job.fail(error)
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever a library raises
            # The error's own text may hold people's words, so only its kind and place are logged.
            _LOG.error("%s failed: %s\n%s", self._name, type(error).__name__, "".join(format_tb(error.__traceback__)))
            self._decoder = None  # loaded anew at the next request
            job.fail(_translated(error, self._name))

    def _load(self) -> Decoder:
        if self._decoder is None:
            with LOADING:
                from models.engines.decoding import Decoder

                self._decoder = Decoder(load_causal(self._folder, *self._options))
        return self._decoder

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

    def _score(self, decoder: Decoder, messages: Sequence[ChatMessage], continuations: Sequence[str]) -> list[float]:
        prompt = self._prompt(messages)
        return decoder.score(prompt, [self._tokens().encode(text) for text in continuations])

    def _write(self, request: GenerationRequest, job: _Job[TextChunk | Finished]) -> None:
        prompt = self._prompt(request.messages)
        decoder = self._load()
        limit = min(request.max_new_tokens, self._context - len(prompt))
        pieces, stops, count = PieceDecoder(self._tokens()), StopFilter(request.stop), 0
        reason = FinishReason.LENGTH if limit <= 0 else FinishReason.STOP
        if limit > 0:
            for token in decoder.tokens(prompt, request, lambda: job.cancelled.is_set() or self._closed.is_set()):
                count += 1
                if text := stops.feed(pieces.feed(token)):
                    job.deliver(TextChunk(text))
                if stops.stopped:
                    break
                if count >= limit:
                    reason = FinishReason.LENGTH
                    break
        if text := stops.flush():
            job.deliver(TextChunk(text))
        job.deliver(Finished(reason, len(prompt), count))


class _Job(Generic[T]):
    """Work for the engine's thread, and the way its results come back to the asker's event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, work: Callable[[_Job[T]], None]) -> None:
        self.work = work
        self.cancelled = threading.Event()
        self._loop = loop
        self._results: asyncio.Queue[T | _Failure] = asyncio.Queue()

    def deliver(self, result: T | _Failure) -> None:
        try:
            self._loop.call_soon_threadsafe(self._results.put_nowait, result)
        except RuntimeError:  # the asker's loop is closed
            self.cancelled.set()

    def fail(self, error: Exception) -> None:
        self.deliver(_Failure(error))

    async def next(self) -> T:
        result = await self._results.get()
        if isinstance(result, _Failure):
            raise result.error
        return result


class _Failure:
    def __init__(self, error: Exception) -> None:
        self.error = error


def _translated(error: Exception, name: str) -> EngineFailed:
    """Say what a foreign error means; its own text may hold people's words, so it is not repeated."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return EngineFailed(f"The model '{name}' ran out of memory. Use a smaller model, or a shorter text.")
    return EngineFailed(f"The model '{name}' stopped with an error ({type(error).__name__}); the log has the details.")
