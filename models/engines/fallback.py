"""Several generators in order: the next one answers when one before it cannot, and the reply says which did.

FallbackGenerator([local, RemoteGenerator(server)])
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator, Sequence

from models.errors import ModelError
from models.ports import Generator
from models.types import NOBODY, Caller, ChatMessage, GenerationEvent, GenerationRequest, TextChunk, signed

_LOG = logging.getLogger(__name__)


class FallbackGenerator:
    """A `Generator` over others. Text that was passed on is never begun again by another."""

    def __init__(self, generators: Sequence[Generator]) -> None:
        assert generators
        self._generators = tuple(generators)

    @property
    def name(self) -> str:
        return " → ".join(generator.name for generator in self._generators)

    @property
    def languages(self) -> frozenset[str]:
        """Those that each of them writes, since any of them may have to."""
        limited = [generator.languages for generator in self._generators if "*" not in generator.languages]
        return frozenset.intersection(*limited) if limited else frozenset({"*"})

    @property
    def context_tokens(self) -> int:
        return min(generator.context_tokens for generator in self._generators)

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        """Yield what the first able one writes, with its name in each event. Raises what the last one raised."""
        *others, last = self._generators
        for generator in others:
            begun = False
            try:
                async with contextlib.aclosing(generator.stream(request)) as events:
                    async for event in events:
                        begun = begun or isinstance(event, TextChunk)
                        yield signed(event, generator.name)
                return
            except ModelError as error:
                if begun:
                    raise
                _LOG.warning("%s cannot, so the next one is asked (%s)", generator.name, error.reason)
        async with contextlib.aclosing(last.stream(request)) as events:
            async for event in events:
                yield signed(event, last.name)

    async def score(
        self, messages: Sequence[ChatMessage], continuations: Sequence[str], caller: Caller = NOBODY
    ) -> list[float]:
        """Give the scores of the first one that can. Raises what the last one raised."""
        *others, last = self._generators
        for generator in others:
            try:
                return await generator.score(messages, continuations, caller)
            except ModelError as error:
                _LOG.warning("%s cannot score, so the next one is asked (%s)", generator.name, error.reason)
        return await last.score(messages, continuations, caller)

    def count_tokens(self, text: str) -> int:
        """The largest count, so that what fits by it fits each of them that can count. Raises what the last one raised
        if none can.
        """
        counts: list[int] = []
        for at, generator in enumerate(self._generators, start=1):
            try:
                counts.append(generator.count_tokens(text))
            except ModelError:
                if at == len(self._generators) and not counts:
                    raise
        return max(counts)

    async def close(self) -> None:
        for generator in reversed(self._generators):
            await generator.close()
