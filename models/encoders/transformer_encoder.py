"""Sentence vectors from a transformer, as sentence-transformers would make them, without importing that library.

    encoder = TransformerEncoder(folder, name="all-minilm-l6-v2", languages={"en"})
    encoder.embed(["How long does delivery take?"], use="query").shape   # (1, 384)

Source of the method: Reimers and Gurevych 2019 (Sentence-BERT); the pooling and the prefixes are read from the folder.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from models.encoders.layout import EncoderLayout, read_layout
from models.errors import EngineFailed, InvalidWeights
from models.folders import check_folder
from models.locks import LOADING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

Device = Literal["auto", "cpu", "cuda"]
NumberType = Literal["auto", "float32", "bfloat16"]
_TOKENS_PER_BATCH = {"cpu": 4096, "cuda": 65_536}


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
        self._tokenizer: Any = None
        self._model: Any = None

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
        self._load()
        prefix = self._prefixes[use]
        sound = [prefix + text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(sound)]
        readable = [i for i, text in enumerate(texts) if text.strip() and not self._layout.is_blind(ids[i])]
        for batch in self._batches(sorted(readable, key=lambda i: len(ids[i]))):
            vectors[batch] = self._forward([ids[i] for i in batch])
        return vectors

    def warm(self) -> None:
        """Load the model now and compute once."""
        self.embed(["warm"], use="query")

    def close(self) -> None:
        """Free the model; the next use loads it again."""
        with self._lock:
            self._model = self._tokenizer = None

    def _batches(self, indices: Sequence[int]) -> Iterable[list[int]]:
        """Cut indices, sorted by length, into batches of bounded padded size. The longest text is the last of each."""
        limit = _TOKENS_PER_BATCH[self._model.device.type] // self._layout.max_tokens or 1
        lengths_bound = max(limit, 8)
        for start in range(0, len(indices), lengths_bound):
            yield list(indices[start : start + lengths_bound])

    def _forward(self, rows: Sequence[Sequence[int]]) -> Vectors:
        import torch

        width = max(map(len, rows))
        ids = torch.full((len(rows), width), self._layout.pad_id, dtype=torch.long)
        mask = torch.zeros((len(rows), width), dtype=torch.long)
        for row, tokens in enumerate(rows):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        device = self._model.device
        ids, mask = ids.to(device), mask.to(device)
        try:
            with torch.inference_mode():
                # Without padding no mask is needed, and attention takes its quick path.
                given = None if bool(mask.all()) else mask
                states = self._model(input_ids=ids, attention_mask=given).last_hidden_state.float()
                pooled = torch.nn.functional.normalize(_pool(states, mask, self._layout.pooling), dim=-1)
        except torch.OutOfMemoryError as error:
            raise EngineFailed(f"The model '{self._name}' ran out of memory. Use a smaller model.") from error
        vectors: Vectors = pooled.cpu().numpy()
        return vectors

    def _load(self) -> None:
        if self._model is not None:
            return
        with self._lock, LOADING:
            if self._model is None:
                self._tokenizer = self._layout.load_tokenizer()
                self._model = _load_model(self._folder, *self._options)


def _pool(states: Any, mask: Any, pooling: str) -> Any:
    """Make one vector of the token states, shape (n, tokens, dimension) → (n, dimension)."""
    import torch

    if pooling == "cls":
        return states[:, 0]
    if pooling == "last":
        return states[torch.arange(len(states), device=states.device), mask.sum(1) - 1]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)


def _load_model(folder: Path, device: Device, dtype: NumberType, threads: int | None) -> Any:
    import torch
    from transformers import AutoModel

    from models.convert import quiet_transformers
    from models.engines.loading import cpu_has_bf16, pick_device

    place = pick_device(device)
    if threads:
        torch.set_num_threads(threads)
    fast = dtype == "bfloat16" or (dtype == "auto" and (place.type == "cuda" or cpu_has_bf16()))
    with quiet_transformers():
        try:
            model: Any = AutoModel.from_pretrained(
                folder,
                dtype=torch.bfloat16 if fast else torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
            )
        except (ValueError, KeyError, OSError, RuntimeError) as error:
            raise InvalidWeights(
                f"The model '{folder.name}' cannot be loaded: its files are damaged or its architecture is unknown to "
                "the installed transformers. Fetch it anew, or choose another model."
            ) from error
    return model.eval().to(place)
