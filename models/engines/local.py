"""What the generators of this process share: they read a request, make its prompt, and hand on what an engine writes.

An engine adds `_writing`, which queues a text, and `_judge`, which queues a look at others' texts.
"""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from models.engines.adapter_names import adapter_number
from models.engines.loading import context_tokens, end_tokens
from models.engines.schema import SchemaGuide
from models.engines.tokenizing import ChatTokenizer
from models.engines.work import Text
from models.errors import ContextTooLong
from models.types import NOBODY, Caller, ChatMessage, Finished, FinishReason, GenerationEvent, GenerationRequest

Next = Callable[[], Awaitable[GenerationEvent]]
"""Waits for the next event of a text; raises what the text failed with."""


class LocalGenerator(ABC):
    """A `Generator` over a model folder; `adapters` are LoRA folders by the name that requests give."""

    def __init__(
        self, folder: Path, *, name: str | None, languages: Iterable[str], adapters: Mapping[str, Path] | None
    ) -> None:
        self._folder = folder
        self._name = name or folder.name
        self._languages = frozenset(languages)
        self._adapters = dict(adapters or {})
        self._context = context_tokens(folder)
        self._guide = SchemaGuide(folder, end_tokens(folder))
        self._tokenizer: ChatTokenizer | None = None
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

        Closing the stream frees its place at once, and its part of the model before the next step.
        Raises ContextTooLong, Overloaded, EngineFailed, InvalidWeights, or UnknownModel for an unknown adapter.
        """
        self._check_open()
        adapter = adapter_number(request.adapter, self._adapters, self._name)
        prompt = await asyncio.to_thread(self._prompt, request.messages)
        limit = min(request.max_new_tokens, self._context - len(prompt))
        if limit <= 0:
            yield Finished(FinishReason.LENGTH, len(prompt), 0)
            return
        schema = request.schema
        constraint = None if schema is None else await asyncio.to_thread(self._guide.constraint, schema)
        with self._writing(Text(request, prompt, limit, adapter, constraint)) as following:
            while True:
                event = await following()
                yield event
                if isinstance(event, Finished):
                    return

    async def score(
        self, messages: Sequence[ChatMessage], continuations: Sequence[str], caller: Caller = NOBODY
    ) -> list[float]:
        """Give for each continuation its mean log-probability per token as the assistant's next message."""
        self._check_open()
        prompt, options = await asyncio.to_thread(
            lambda: (self._prompt(messages), [self._tokens().encode(text) for text in continuations])
        )
        return await self._judge(prompt, options, caller)

    def count_tokens(self, text: str) -> int:
        return len(self._tokens().encode(text))

    @abstractmethod
    def _check_open(self) -> None:
        """Raises EngineFailed when closed."""

    @abstractmethod
    def _writing(self, text: Text) -> AbstractContextManager[Next]:
        """Queue a text; at the end it is given up, unless it is done. Raises Overloaded or EngineFailed."""

    @abstractmethod
    async def _judge(
        self, prompt: Sequence[int], continuations: Sequence[Sequence[int]], caller: Caller
    ) -> list[float]:
        """Queue a look. Give each continuation's mean log-probability per token after the prompt."""

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
