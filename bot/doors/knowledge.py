"""The door to the knowledge base: searches in a thread, and its errors as Parley's own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from bot.errors import InvalidInput, KnowledgeError, ModelUnavailable
from bot.ports import SearchResult
from retrieval.errors import EmbeddingFailed, EvaluationError, RetrievalError, UnreadableDocument
from retrieval.ports import Embedder


class Search(Protocol):
    """What searches: `retrieval.search.Searcher`."""

    def search(
        self, query: str, k: int = 5, language: str | None = None, *, answer_in: str | None = None
    ) -> SearchResult: ...


@contextmanager
def knowledge_errors() -> Iterator[None]:
    """Turn the knowledge base's errors into Parley's: what the person gave is InvalidInput, an embedder that does not
    work ModelUnavailable, the rest KnowledgeError.
    """
    try:
        yield
    except UnreadableDocument as error:
        raise InvalidInput(str(error), text_id=f"refused-{error.code}", **error.values) from error
    except EvaluationError as error:
        raise InvalidInput(str(error)) from error
    except EmbeddingFailed as error:
        raise ModelUnavailable(str(error)) from error
    except RetrievalError as error:
        raise KnowledgeError(str(error)) from error


class KnowledgeDoor:
    """`bot.ports.Knowledge` over a search and an embedder."""

    def __init__(self, search: Search, embedder: Embedder) -> None:
        self._search = search
        self._embedder = embedder

    async def search(
        self, query: str, k: int = 5, language: str | None = None, *, answer_in: str | None = None
    ) -> SearchResult:
        with knowledge_errors():
            return await asyncio.to_thread(self._search.search, query, k, language, answer_in=answer_in)

    async def similarity(self, texts: Sequence[str], others: Sequence[str]) -> list[list[float]]:
        try:
            return await asyncio.to_thread(self._similarity, texts, others)
        except EmbeddingFailed:  # the words decide alone
            return [[0.0] * len(others) for _ in texts]

    def _similarity(self, texts: Sequence[str], others: Sequence[str]) -> list[list[float]]:
        left = self._embedder.embed(list(texts), "query")
        right = self._embedder.embed(list(others), "passage")
        rows: list[list[float]] = (left @ right.T).tolist()
        return rows
