"""Empty rooms: a knowledge base without documents, and a profile without models."""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import ModelUnavailable
from bot.ports import Classifier, Generator, SearchResult, SentimentClassifier, Summariser, Translator


class EmptyKnowledge:
    """Finds nothing, because there is nothing."""

    async def search(
        self, query: str, k: int = 5, language: str | None = None, *, answer_in: str | None = None
    ) -> SearchResult:
        return SearchResult(query, language or "en", ())

    async def similarity(self, texts: Sequence[str], others: Sequence[str]) -> list[list[float]]:
        return [[0.0] * len(others) for _ in texts]


class NoModels:
    """Has no model for anything; tests override what they need."""

    async def generator(self) -> Generator:
        raise ModelUnavailable("No generator here.")

    async def translator(self, source: str, target: str) -> Translator:
        raise ModelUnavailable("No translator here.")

    async def sentiment(self) -> SentimentClassifier:
        raise ModelUnavailable("No sentiment classifier here.")

    async def classifier(self) -> Classifier:
        raise ModelUnavailable("No classifier here.")

    async def summariser(self) -> Summariser:
        raise ModelUnavailable("No summariser here.")
