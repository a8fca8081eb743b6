"""What the registry hands out: each stands for a task's model, whichever that is at the moment, and holds it in use."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from models.ports import Encoder, Generator, Reranker, SentimentClassifier
from models.shelf import Shelf, Slot
from models.tasks.translation.careful import UnitTranslator
from models.tasks.translation.spans import Kind
from models.types import NOBODY, Caller, ChatMessage, GenerationEvent, GenerationRequest, Prediction, signed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")


class Handle(Generic[T]):
    """`current` gives the slot that new work goes to; work that has begun stays with the slot it began on."""

    def __init__(self, shelf: Shelf, current: Callable[[], Slot[T]]) -> None:
        self._shelf = shelf
        self._current = current

    @property
    def name(self) -> str:
        return str(getattr(self.engine, "name", self._current().name))

    @property
    def engine(self) -> T:
        """What is behind it now; not held in use."""
        return self._current().model


class GeneratorHandle(Handle[Generator]):
    """A `Generator`."""

    @property
    def languages(self) -> frozenset[str]:
        return self.engine.languages

    @property
    def context_tokens(self) -> int:
        return self.engine.context_tokens

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        """As `Generator.stream`, with the name of the one that writes in each event: another may have its place by the
        time it ends. Raises TooLarge, too.
        """
        async with (
            self._shelf.hold(self._current) as engine,
            contextlib.aclosing(engine.stream(request)) as events,
        ):
            async for event in events:
                yield signed(event, engine.name)

    async def score(
        self, messages: Sequence[ChatMessage], continuations: Sequence[str], caller: Caller = NOBODY
    ) -> list[float]:
        async with self._shelf.hold(self._current) as engine:
            return await engine.score(messages, continuations, caller)

    async def warm(self) -> None:
        """Load the model now, rather than at the first request."""
        async with self._shelf.hold(self._current) as engine:
            warm: Any = getattr(engine, "warm", None)
            if warm is not None:
                await warm()

    def count_tokens(self, text: str) -> int:
        return self.engine.count_tokens(text)

    async def close(self) -> None:
        """Nothing: the registry closes what it built."""


class EncoderHandle(Handle[Encoder]):
    """An `Encoder`."""

    @property
    def dimension(self) -> int:
        return self.engine.dimension

    @property
    def languages(self) -> frozenset[str]:
        return self.engine.languages

    def embed(self, texts: Sequence[str], use: Literal["query", "passage"] = "passage") -> NDArray[np.float32]:
        with self._shelf.lease(self._current) as encoder:
            return encoder.embed(texts, use)


class RerankerHandle(Handle[Reranker]):
    """A `Reranker`."""

    def score(self, query: str, passages: Sequence[str]) -> list[float]:
        with self._shelf.lease(self._current) as reranker:
            return reranker.score(query, passages)


class TranslatorHandle(Handle[UnitTranslator]):
    """A `UnitTranslator`."""

    @property
    def by_sentence(self) -> bool:
        return self.engine.by_sentence

    @property
    def copies(self) -> frozenset[Kind]:
        return self.engine.copies

    def supports(self, source: str, target: str) -> bool:
        return self.engine.supports(source, target)

    def fits(self, text: str) -> bool:
        return self.engine.fits(text)

    async def translate_units(
        self, units: Sequence[str], source: str, target: str, terms: Mapping[str, str], caller: Caller
    ) -> list[str]:
        async with self._shelf.hold(self._current) as translator:
            return await translator.translate_units(units, source, target, terms, caller)


class SentimentHandle(Handle[SentimentClassifier]):
    """A `SentimentClassifier`."""

    async def judge(
        self, texts: Sequence[str], language: str | None = None, caller: Caller = NOBODY
    ) -> list[Prediction]:
        async with self._shelf.hold(self._current) as classifier:
            return await classifier.judge(texts, language, caller)
