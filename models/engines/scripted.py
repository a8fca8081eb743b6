"""A generator that says what it was told to: the in-memory twin of the engines, for tests and demonstrations.

ScriptedGenerator(["Hello!"])                                   # says this, whatever is asked
ScriptedGenerator(["First.", "Second."])                        # one after another, then the last again
ScriptedGenerator(lambda messages: messages[-1].content[::-1])  # computes its reply
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence

from models.engines.stops import StopFilter
from models.errors import ContextTooLong, EngineFailed
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

Reply = Callable[[Sequence[ChatMessage]], str]
Scorer = Callable[[Sequence[ChatMessage], str], float]

_TOKEN = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")


class ScriptedGenerator:
    """A deterministic `Generator`. A token is a word with the spaces before it, a sign, or a Chinese character.

    `requests` keeps what was asked, `callers` who had something scored. `scorer` gives the log-probability of a
    continuation; the default prefers words that the messages share with it.
    """

    def __init__(
        self,
        replies: Sequence[str] | Reply = ("",),
        *,
        name: str = "scripted",
        languages: Iterable[str] = ("*",),
        context_tokens: int = 2048,
        scorer: Scorer | None = None,
    ) -> None:
        self._replies = replies
        self._name = name
        self._languages = frozenset(languages)
        self._context = context_tokens
        self._scorer = scorer or shared_words
        self._closed = False
        self.requests: list[GenerationRequest] = []
        self.callers: list[Caller] = []

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
        """Yield the next reply word by word, then `Finished`. Raises ContextTooLong or EngineFailed (closed)."""
        prompt = self._check(request.messages)
        self.requests.append(request)
        tokens = _tokens(self._next(request.messages))
        limit = min(request.max_new_tokens, self._context - prompt)
        reason = FinishReason.STOP if len(tokens) <= limit else FinishReason.LENGTH
        stops, count = StopFilter(request.stop), 0
        until = None if request.deadline is None else time.monotonic() + request.deadline
        for token in tokens[: max(limit, 0)]:
            await asyncio.sleep(0)
            if self._closed:
                raise EngineFailed("The scripted engine was closed. Make a new one.")
            if until is not None and time.monotonic() >= until:
                reason = FinishReason.DEADLINE
                break
            count += 1
            if text := stops.feed(token):
                yield TextChunk(text)
            if stops.stopped:
                reason = FinishReason.STOP
                break
        if text := stops.flush():
            yield TextChunk(text)
        yield Finished(reason, prompt, count)

    async def score(
        self, messages: Sequence[ChatMessage], continuations: Sequence[str], caller: Caller = NOBODY
    ) -> list[float]:
        """Give each continuation's log-probability by the scorer."""
        self._check(messages)
        self.callers.append(caller)
        await asyncio.sleep(0)
        return [self._scorer(messages, continuation) for continuation in continuations]

    async def warm(self) -> None:
        """Nothing is to be loaded."""

    def count_tokens(self, text: str) -> int:
        return len(_tokens(text))

    async def close(self) -> None:
        self._closed = True

    def _check(self, messages: Sequence[ChatMessage]) -> int:
        if self._closed:
            raise EngineFailed("The scripted engine was closed. Make a new one.")
        prompt = sum(self.count_tokens(message.content) for message in messages)
        if prompt >= self._context:
            raise ContextTooLong(f"The text is too long: {prompt} tokens, and the model can look at {self._context}.")
        return prompt

    def _next(self, messages: Sequence[ChatMessage]) -> str:
        if callable(self._replies):
            return self._replies(messages)
        return self._replies[min(len(self.requests), len(self._replies)) - 1]


def shared_words(messages: Sequence[ChatMessage], continuation: str) -> float:
    """Give a log-probability that grows with the share of the continuation's words found in the last message."""
    said = {token.strip().lower() for token in _tokens(messages[-1].content if messages else "")}
    words = [token.strip().lower() for token in _tokens(continuation)]
    share = sum(word in said for word in words) / max(len(words), 1)
    return math.log(0.05 + 0.9 * share)


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    for token in _TOKEN.findall(text):
        if any("\u3040" <= sign <= "\u9fff" for sign in token):
            found.extend(token)
        else:
            found.append(token)
    return found
