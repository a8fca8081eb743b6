"""The door to the embedder, for the knowledge base: its errors as retrieval's, and a rest for one that has failed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from models.errors import EngineFailed
from models.ports import Encoder
from retrieval.errors import EmbeddingFailed
from retrieval.ports import Use

if TYPE_CHECKING:
    from retrieval.ports import Vectors

log = logging.getLogger(__name__)

REST = 15.0  # seconds in which it is not asked again: no search waits for a server that is known to be off

T = TypeVar("T")


class EmbedderDoor:
    """`retrieval.ports.Embedder` over a model. One that fails (its server is off, its memory is full) is left alone for
    a while, then asked again by one caller, whom the others do not wait for. The log says once that it failed, and once
    that it works again. What is missing or set wrongly on this machine is a ModelError, as everywhere.
    """

    def __init__(self, encoder: Encoder, now: Callable[[], float] = time.monotonic) -> None:
        self._encoder = encoder
        self._now = now
        self._lock = Lock()
        self._failure: EngineFailed | None = None
        self._rests_until = 0.0

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def languages(self) -> frozenset[str]:
        return self._encoder.languages

    @property
    def dimension(self) -> int:
        """Raises EmbeddingFailed and ModelError."""
        return self._asked(lambda: self._encoder.dimension)

    def embed(self, texts: Sequence[str], use: Use = "passage") -> Vectors:
        """Raises EmbeddingFailed and ModelError."""
        return self._asked(lambda: self._encoder.embed(texts, use))

    def _asked(self, ask: Callable[[], T]) -> T:
        with self._lock:
            if self._failure is not None:
                if self._now() < self._rests_until:
                    raise EmbeddingFailed(str(self._failure)) from None
                self._rests_until = self._now() + REST  # the others go on without it while this one asks
        try:
            done = ask()
        except EngineFailed as error:
            self._failed(error)
            raise EmbeddingFailed(str(error)) from error
        self._worked()
        return done

    def _failed(self, error: EngineFailed) -> None:
        with self._lock:
            first, self._failure = self._failure is None, error
            self._rests_until = self._now() + REST
        if first:
            log.warning("search goes by words alone until texts can be embedded again: %s", error)

    def _worked(self) -> None:
        with self._lock:
            again, self._failure = self._failure is not None, None
        if again:
            log.warning("texts can be embedded again")
