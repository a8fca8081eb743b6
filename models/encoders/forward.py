"""What a sentence encoder asks of whatever runs its model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

Device = Literal["auto", "cpu", "cuda"]
NumberType = Literal["auto", "float32", "bfloat16"]
Rows = Sequence[Sequence[int]]
"""Token ids of texts, the shortest first."""


class Forward(Protocol):
    """A loaded model with its pooling. Safe to call from several threads."""

    def tokens_per_batch(self, total: int) -> int:
        """How many tokens of `total` a batch should take at most, each row counted as long as the longest."""
        ...

    def __call__(self, batches: Sequence[Rows]) -> Iterator[Vectors]:
        """Give for each batch its vectors of length 1, shape (rows, dimension). Raises EngineFailed without memory."""
        ...
