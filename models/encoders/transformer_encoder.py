"""Sentence vectors from a transformer, as sentence-transformers would make them, without importing that library.

    encoder = TransformerEncoder(folder, name="all-minilm-l6-v2", languages={"en"})
    encoder.embed(["How long does delivery take?"], use="query").shape   # (1, 384)

Source of the method: Reimers and Gurevych 2019 (Sentence-BERT); the pooling and the prefixes are read from the folder.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from models.encoders.forward import Device, Forward, NumberType
from models.encoders.layout import EncoderLayout, read_layout
from models.folders import check_folder
from models.locks import LOADING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]


class TransformerEncoder:
    """An `Encoder`. Loads at the first use; safe to call from several threads."""

    def __init__(
        self,
        folder: Path,
        *,
        name: str | None = None,
        languages: Iterable[str] = ("*",),
        query_prefix: str = "",
        passage_prefix: str = "",
        device: Device = "auto",
        dtype: NumberType = "auto",
        threads: int | None = None,
    ) -> None:
        check_folder(folder)
        self._folder = folder
        self._name = name or folder.name
        self._languages = frozenset(languages)
        self._layout: EncoderLayout = read_layout(folder)
        self._prefixes = {
            "query": query_prefix or self._layout.query_prefix,
            "passage": passage_prefix or self._layout.passage_prefix,
        }
        self._options = (device, dtype, threads)
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Forward] | None = None

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return self._layout.dimension

    @property
    def languages(self) -> frozenset[str]:
        return self._languages

    def embed(self, texts: Sequence[str], use: Literal["query", "passage"] = "passage") -> Vectors:
        """Give vectors of length 1, shape (n, dimension), float32; zeros for a text without a known word.

        Longer texts count up to the model's limit. Raises InvalidWeights at the first use, EngineFailed without memory.
        """
        import numpy as np

        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return vectors
        tokenizer, forward = self._load()
        prefix = self._prefixes[use]
        sound = [prefix + text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        ids = [encoding.ids for encoding in tokenizer.encode_batch(sound)]
        readable = [i for i, text in enumerate(texts) if text.strip() and not self._layout.is_blind(ids[i])]
        readable.sort(key=lambda i: len(ids[i]))
        lengths = [len(ids[i]) for i in readable]
        batches = list(_batches(readable, lengths, forward.tokens_per_batch(sum(lengths))))
        for batch, found in zip(batches, forward([[ids[i] for i in batch] for batch in batches]), strict=True):
            vectors[batch] = found
        return vectors

    def warm(self) -> None:
        """Load the model now and compute once."""
        self.embed(["warm"], use="query")

    def close(self) -> None:
        """Free the model; the next use loads it again."""
        with self._lock:
            self._loaded = None

    def _load(self) -> tuple[Any, Forward]:
        loaded = self._loaded
        if loaded is None:
            with self._lock, LOADING:
                if self._loaded is None:
                    from models.encoders.loading import load_forward

                    self._loaded = (self._layout.load_tokenizer(), load_forward(self._layout, *self._options))
                loaded = self._loaded
        return loaded


def _batches(indices: Sequence[int], lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Cut indices, sorted by length, into batches of at most so many tokens, padded to the longest, or of one text."""
    start = 0
    for end in range(1, len(indices) + 1):
        if end == len(indices) or (end + 1 - start) * lengths[end] > tokens:
            yield list(indices[start:end])
            start = end
