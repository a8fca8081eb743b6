"""What each kind of model promises. Languages are ISO 639-1 codes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from models.types import (
    NOBODY,
    Caller,
    ChatMessage,
    GenerationEvent,
    GenerationRequest,
    Prediction,
    Summary,
    Translation,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Generator(Protocol):
    """An engine that writes text. Closing the stream early cancels the work at once."""

    @property
    def name(self) -> str: ...

    @property
    def languages(self) -> frozenset[str]:
        """The languages that it writes well."""
        ...

    @property
    def context_tokens(self) -> int: ...

    def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        """Yield pieces of text, then one `Finished`. Raises ContextTooLong, Overloaded or EngineFailed."""
        ...

    async def score(
        self, messages: Sequence[ChatMessage], continuations: Sequence[str], caller: Caller = NOBODY
    ) -> list[float]:
        """Give for each continuation its mean log-probability per token as the assistant's next message. It waits its
        turn as short work of the caller's.
        """
        ...

    def count_tokens(self, text: str) -> int: ...

    async def close(self) -> None: ...


class Encoder(Protocol):
    """Turns texts into vectors of length 1, shape (n, dimension), float32. Safe to call from several threads."""

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def languages(self) -> frozenset[str]: ...

    def embed(self, texts: Sequence[str], use: Literal["query", "passage"] = "passage") -> NDArray[np.float32]: ...


class Translator(Protocol):
    """Translates between languages."""

    @property
    def name(self) -> str: ...

    def supports(self, source: str, target: str) -> bool: ...

    async def translate(
        self, texts: Sequence[str], source: str, target: str, caller: Caller = NOBODY
    ) -> list[Translation]:
        """Translate each text, of any length. Code, markup, addresses, mentions, emoji and numbers come back as they
        are. Raises UnsupportedLanguage or EngineFailed.
        """
        ...


class SentimentClassifier(Protocol):
    """Judges a text as `positive`, `neutral` or `negative`."""

    @property
    def name(self) -> str: ...

    async def judge(
        self, texts: Sequence[str], language: str | None = None, caller: Caller = NOBODY
    ) -> list[Prediction]: ...


class Classifier(Protocol):
    """Chooses among the caller's own labels."""

    @property
    def name(self) -> str: ...

    async def classify(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        examples: Mapping[str, Sequence[str]] | None = None,
        caller: Caller = NOBODY,
    ) -> list[Prediction]: ...


class Summariser(Protocol):
    """Gives the main points of a text whose sentences are known."""

    async def summarise(
        self,
        sentences: Sequence[str],
        language: str,
        length: int = 3,
        caller: Caller = NOBODY,
        unfit: Callable[[str], bool] = ...,
    ) -> Summary:
        """About `length` sentences: written where the generator writes that language, else the text's own; these also
        where a model writes that is `unfit`, by name.
        """
        ...

    async def extract(self, sentences: Sequence[str], language: str, length: int = 3) -> Summary:
        """The text's own most central sentences, in their order."""
        ...


class Reranker(Protocol):
    """Reads a question together with each passage. Slower and surer than vectors. Safe to call from several threads."""

    @property
    def name(self) -> str: ...

    def score(self, query: str, passages: Sequence[str]) -> list[float]:
        """Give for each passage how likely it answers the query, 0 to 1. Raises InvalidWeights or EngineFailed."""
        ...
