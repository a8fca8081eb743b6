"""The models of the chosen profile."""

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
