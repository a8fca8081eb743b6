"""The models of the chosen profile, and which of them may write."""

from __future__ import annotations

from typing import Protocol

from models.ports import Classifier, Generator, SentimentClassifier, Summariser, Translator


class Models(Protocol):
    """The models of the chosen profile, each loaded at its first use. All raise ModelUnavailable."""

    async def generator(self) -> Generator: ...

    async def translator(self, source: str, target: str) -> Translator: ...

    async def sentiment(self) -> SentimentClassifier: ...

    async def classifier(self) -> Classifier: ...

    async def summariser(self) -> Summariser: ...


class Writers(Protocol):
    """Which generators may write answers from articles, by those that are in use at the moment.

    A very small model answers worse than the quotation does (benchmarks/answers.py).
    """

    @property
    def writes(self) -> bool:
        """Whether the generator is asked for answers from articles at all; otherwise their best sentences are quoted.

        Of several the first one counts, as it is the one that is asked: where it is too small, nobody waits for what
        would not be shown.
        """
        ...

    def too_small(self, model: str) -> bool:
        """Whether what this generator writes in another's place is not shown."""
        ...
