"""What a sentence encoder asks of whatever runs its model."""

from __future__ import annotations

from collections.abc import Sequence
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

    @property
    def tokens_per_batch(self) -> int:
        """How many tokens one call should take at most, each row counted as long as the longest."""
        ...

    def __call__(self, rows: Rows) -> Vectors:
        """Give vectors of length 1, shape (rows, dimension). Raises EngineFailed without memory."""
        ...
