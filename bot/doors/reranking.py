"""The door to the reranker, for search: a model that is loaded at its first use, its errors as retrieval's."""

from __future__ import annotations

from collections.abc import Sequence

from models.errors import ModelError
from models.ports import Reranker
from retrieval.errors import RerankingFailed


class RerankerDoor:
    """`retrieval.ports.Reranker` over a model."""

    def __init__(self, reranker: Reranker) -> None:
        self._reranker = reranker

    def score(self, query: str, passages: Sequence[str]) -> Sequence[float]:
        """Raises RerankingFailed."""
        try:
            return self._reranker.score(query, passages)
        except ModelError as error:
            raise RerankingFailed(str(error)) from error
