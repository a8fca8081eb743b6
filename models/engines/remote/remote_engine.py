"""A generator on a server with the OpenAI API: vLLM, SGLang, llama.cpp's, Ollama, `transformers serve`, hosted ones.

engine = RemoteGenerator(Server("big", ("http://127.0.0.1:8000/v1",), "Qwen/Qwen3-8B"))
async with contextlib.aclosing(engine.stream(GenerationRequest((ChatMessage("user", "Hello"),)))) as events:
    async for event in events: ...          # TextChunk, TextChunk, …, Finished
await engine.close()
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

from models.engines.remote.answer import Answer
from models.engines.remote.body import request_body
from models.engines.remote.counting import counter
from models.engines.remote.failures import ServerFailure, empty, explain, too_long, too_slow
from models.engines.remote.replicas import AsyncReplica, AsyncReplicas
from models.engines.remote.scoring import first_tokens, label_scores, scoring_body
from models.engines.remote.server import Server
from models.engines.remote.thinking import ThoughtFilter
from models.engines.stops import StopFilter
from models.errors import EngineFailed
from models.types import (
    NOBODY,
    Caller,
    ChatMessage,
    Finished,
    FinishReason,
    GenerationEvent,
    GenerationRequest,
    TextChunk,
)

UNKNOWN_CONTEXT = 4096  # tokens that are counted on where neither the settings nor the server say

_HELLO = GenerationRequest((ChatMessage("user", "Hello"),), max_new_tokens=1)


class RemoteGenerator:
    """A `Generator`. What was not yet begun is asked again elsewhere or later; what was begun is never repeated."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._replicas = AsyncReplicas(server)
        self._counter = counter(server)
        self._length_field = "max_tokens"
        self._closed = False

    @property
    def name(self) -> str:
        return self._server.full_name

    @property
    def languages(self) -> frozenset[str]:
        return self._server.languages

    @property
    def context_tokens(self) -> int:
        return self._server.context_tokens or UNKNOWN_CONTEXT

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        """Yield pieces of text, then one `Finished`. Closing the stream closes the connection at once.

        Raises ContextTooLong, Overloaded or EngineFailed.
        """
        self._check_open()
        prompt = self._counter.chat(request.messages)
        limit = self._room(request, prompt)
        if limit <= 0:
            yield Finished(FinishReason.LENGTH, prompt, 0, model=self.name)
            return
        until = None if request.deadline is None else asyncio.get_running_loop().time() + request.deadline
        try:
            begun = await self._begin(request, limit, until)
        except ServerFailure as failure:
            raise self._explained(failure) from None
        if begun is None:
            yield Finished(FinishReason.DEADLINE, prompt, 0, model=self.name)
            return
        replica, answer = begun
        text, written, reason = "", "", FinishReason.STOP
        thoughts, stops = ThoughtFilter(), StopFilter(request.stop)
        try:
            while (piece := await self._next(answer, until)) is not None:
                text += piece
                if shown := stops.feed(thoughts.feed(piece)):
                    written += shown
                    yield TextChunk(shown)
                if stops.stopped:
                    break
            else:
                reason = answer.reason or FinishReason.STOP
        except TimeoutError:
            reason = FinishReason.DEADLINE
        except ServerFailure as failure:
            if failure.broken:
                replica.failed(failure)
            raise self._explained(failure) from None
        finally:
            replica.end()
            await answer.close()
        shown = stops.feed(thoughts.flush()) + stops.flush()
        if not request.stop and not (written + shown).strip():
            if reason is FinishReason.STOP:
                raise self._explained(empty(self._server, replica.url))
            if reason is FinishReason.LENGTH and (text or answer.thought):
                raise self._explained(empty(self._server, replica.url, thought=limit))
        if shown:
            yield TextChunk(shown)
        yield self._finished(reason, answer, prompt, text)

    async def score(
        self, messages: Sequence[ChatMessage], continuations: Sequence[str], caller: Caller = NOBODY
    ) -> list[float]:
        """Give for each continuation the log-probability of its beginning; see `scoring`. Raises CannotScore.

        Who waits for whom is the server's affair.
        """
        self._check_open()
        body = scoring_body(self._server, messages)
        try:
            replica, completion = await self._replicas.ask(lambda replica: self._complete(replica, body))
        except ServerFailure as failure:
            raise self._explained(failure) from None
        replica.end()
        return label_scores(self._server, continuations, first_tokens(self._server, completion))

    async def answers(self) -> None:
        """Ask for one token, be it a thought. Raises Overloaded or EngineFailed where none comes."""
        try:
            replica, answer = await self._replicas.ask(lambda one: self._ask(one, _HELLO, _HELLO.max_new_tokens))
            try:
                while await answer.next() is not None:
                    pass
            finally:
                replica.end()
                await answer.close()
        except ServerFailure as failure:
            raise self._explained(failure) from None

    async def warm(self) -> None:
        """Nothing is to be loaded here."""

    def count_tokens(self, text: str) -> int:
        """Exact where the server's tokenizer is at hand (`Server.tokenizer`), else an estimate."""
        return self._counter.text(text)

    async def close(self) -> None:
        """Close all connections; what is being written ends with EngineFailed."""
        self._closed = True
        await self._replicas.close()

    def _check_open(self) -> None:
        if self._closed:
            raise EngineFailed(f"The connection to the server '{self._server.name}' was closed. Start Parley again.")

    def _explained(self, failure: ServerFailure) -> Exception:
        self._check_open()  # closing breaks the connections, which is then the cause
        return failure.error

    def _room(self, request: GenerationRequest, prompt: int) -> int:
        """How many tokens may be written. Where the context's size is unknown, the server says what is too much."""
        context = self._server.context_tokens
        if context is None:
            return request.max_new_tokens
        if prompt >= context:
            raise too_long(self._server, prompt).error
        return min(request.max_new_tokens, context - prompt)

    async def _begin(
        self, request: GenerationRequest, limit: int, until: float | None
    ) -> tuple[AsyncReplica, Answer] | None:
        """The answer of the first replica that began to write; None when the deadline came first."""
        try:
            async with asyncio.timeout_at(until):
                return await self._replicas.ask(lambda replica: self._ask(replica, request, limit))
        except TimeoutError:
            return None

    async def _ask(self, replica: AsyncReplica, request: GenerationRequest, limit: int) -> Answer:
        # An adapter is a model of its own to the server, and is named so when something is wrong with it.
        server = replace(self._server, model=request.adapter) if request.adapter else self._server
        body = request_body(server, request, limit, self._length_field)
        try:
            return await Answer.begin(replica.client, server, replica.url, body)
        except ServerFailure as failure:
            if failure.about != "max_tokens" or self._length_field != "max_tokens":
                raise
            self._length_field = "max_completion_tokens"  # hosted models that think take no other
            return await self._ask(replica, request, limit)

    async def _next(self, answer: Answer, until: float | None) -> str | None:
        async with asyncio.timeout_at(until):
            return await answer.next()

    async def _complete(self, replica: AsyncReplica, body: dict[str, Any]) -> Any:
        seconds = self._server.first_token_seconds
        try:
            async with asyncio.timeout(seconds):
                return await replica.client.chat.completions.create(**body)
        except TimeoutError:
            raise too_slow(self._server, replica.url, seconds, begun=False) from None
        except EngineFailed:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the library raises is explained in one place
            raise explain(error, self._server, replica.url) from None

    def _finished(self, reason: FinishReason, answer: Answer, prompt: int, text: str) -> Finished:
        """Counts are the server's where it told them, else ours."""
        usage = answer.usage
        if usage is None:
            return Finished(reason, prompt, self._counter.text(text), model=self.name)
        details = getattr(usage, "prompt_tokens_details", None)
        return Finished(
            reason,
            usage.prompt_tokens or prompt,
            usage.completion_tokens or self._counter.text(text),
            reused_tokens=getattr(details, "cached_tokens", None) or 0,
            model=self.name,
        )
