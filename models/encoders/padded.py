"""Any encoder that transformers knows, on a CPU or a GPU: rows are padded to the longest of a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from models.encoders.layout import EncoderLayout
from models.errors import EngineFailed
from models.pretrained import POOLERS, load_model

if TYPE_CHECKING:
    from models.encoders.forward import Rows, Vectors

_TOKENS_PER_BATCH = {"cpu": 1024, "cuda": 65_536}


class PaddedForward:
    """A `Forward`. Pools in float32, whatever the model's number type."""

    def __init__(self, layout: EncoderLayout, dtype: torch.dtype, place: torch.device) -> None:
        """Load the model. Raises InvalidWeights."""
        self._layout = layout
        self._model = _load_model(layout.folder, dtype).to(place)
        self._place = place

    def tokens_per_batch(self, total: int) -> int:
        return min(total, _TOKENS_PER_BATCH[self._place.type])

    def __call__(self, batches: Sequence[Rows]) -> Iterator[Vectors]:
        return map(self._embed, batches)

    def _embed(self, rows: Rows) -> Vectors:
        width = max(map(len, rows))
        ids = torch.full((len(rows), width), self._layout.pad_id, dtype=torch.long)
        mask = torch.zeros((len(rows), width), dtype=torch.long)
        for row, tokens in enumerate(rows):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        # Without padding no mask is needed, and attention takes its quick path.
        given = None if bool(mask.all()) else mask.to(self._place)
        try:
            with torch.inference_mode():
                states = self._model(input_ids=ids.to(self._place), attention_mask=given).last_hidden_state.float()
                pooled = _pool(states, mask.to(self._place), self._layout.pooling)
                vectors: Vectors = functional.normalize(pooled, dim=-1).cpu().numpy()
        except torch.OutOfMemoryError as error:
            raise EngineFailed(
                f"The model '{self._layout.folder.name}' ran out of memory. Use a smaller model."
            ) from error
        return vectors


def _pool(states: Tensor, mask: Tensor, pooling: str) -> Tensor:
    """Make one vector of the token states, shape (n, tokens, dimension) → (n, dimension)."""
    if pooling == "cls":
        return states[:, 0]
    if pooling == "last":
        return states[torch.arange(len(states), device=states.device), mask.sum(1) - 1]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)


def _load_model(folder: Path, dtype: torch.dtype) -> Any:
    from transformers import AutoModel

    return load_model(AutoModel, folder, unused=POOLERS, dtype=dtype).eval()
