"""Sentence vectors from a server with the OpenAI API: vLLM, SGLang, llama.cpp's, Ollama, TEI, hosted ones.

encoder = RemoteEncoder(Server("vectors", ("http://127.0.0.1:8001/v1",), "BAAI/bge-m3"))
encoder.embed(["How long does delivery take?"], use="query").shape   # (1, 1024)
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from models.engines.remote.body import with_extra
from models.engines.remote.failures import EMBEDDINGS, ServerFailure, explain, unreadable
from models.engines.remote.replicas import ThreadReplica, ThreadReplicas
from models.engines.remote.server import Server
from models.errors import EngineFailed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

_BATCH = 32  # texts in a request; the least bound that a common server has


class RemoteEncoder:
    """An `Encoder`. Its name holds the server and the model, so that vectors of two models are never mixed.

    Safe to use from several threads. A replica that failed too often, or once did not answer within
    `first_token_seconds`, rests as a generator's does: who waits for a search is better served without vectors.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lock = threading.Lock()
        self._replicas = ThreadReplicas(server)
        self._dimension: int | None = None

    @property
    def name(self) -> str:
        return self._server.full_name

    @property
    def dimension(self) -> int:
        """Asked of the server once. Raises EngineFailed or Overloaded."""
        if self._dimension is None:
            self._embed(["dimension"])
        assert self._dimension is not None
        return self._dimension

    @property
    def languages(self) -> frozenset[str]:
        return self._server.languages

    def embed(self, texts: Sequence[str], use: Literal["query", "passage"] = "passage") -> Vectors:
        """Give vectors of length 1, shape (n, dimension), float32; zeros for a text without a sign.

        Raises EngineFailed or Overloaded.
        """
        import numpy as np

        prefix = self._server.query_prefix if use == "query" else self._server.passage_prefix
        sound = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        readable = [index for index, text in enumerate(sound) if text.strip()]
        rows = [
            self._embed([prefix + sound[index] for index in readable[start : start + _BATCH]])
            for start in range(0, len(readable), _BATCH)
        ]
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if rows:
            vectors[readable] = np.concatenate(rows)
        return vectors

    def close(self) -> None:
        """Close the connections; the next use opens them again."""
        self._replicas.close()

    def _embed(self, texts: list[str]) -> Vectors:
        """One request; where it fails, another replica is asked, or the same one after a while."""
        try:
            return self._replicas.ask(lambda replica: self._ask(replica, texts))
        except ServerFailure as failure:
            raise failure.error from None

    def _ask(self, replica: ThreadReplica, texts: list[str]) -> Vectors:
        # Not every server knows the library's default, base64.
        body = {"model": self._server.model, "input": texts, "encoding_format": "float"}
        try:
            raw = replica.client.embeddings.with_raw_response.create(**with_extra(self._server, body))
            kind = raw.headers.get("content-type", "")
            answer = raw.parse()
        except EngineFailed:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the library raises is explained in one place
            raise explain(error, self._server, replica.url, EMBEDDINGS) from None
        return self._read(answer, len(texts), replica.url, kind)

    def _read(self, answer: Any, count: int, url: str, kind: str) -> Vectors:
        import numpy as np

        def refused(why: str = "") -> ServerFailure:
            return unreadable(self._server, url, kind, EMBEDDINGS, why)

        try:
            rows = sorted(answer.data, key=lambda row: row.index)
            wide = np.array([row.embedding for row in rows], dtype=np.float64)
        except (AttributeError, TypeError, ValueError):
            raise refused() from None
        if len(wide) != count:
            raise refused(f"vectors: {len(wide)}, texts: {count}")
        if wide.ndim != 2 or wide.shape[1] == 0:
            raise refused()
        if not np.isfinite(wide).all():
            raise refused("a number in them is not finite")
        with self._lock:
            width = self._dimension or wide.shape[1]
            if wide.shape[1] != width:
                raise refused(f"vectors of {wide.shape[1]} numbers, and of {width} before")
            self._dimension = width
        lengths = np.linalg.norm(wide, axis=1, keepdims=True)
        normalised: Vectors = (wide / np.where(lengths > 0, lengths, 1)).astype(np.float32)
        return normalised
