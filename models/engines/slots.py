"""Where the keys and values of several sequences lie: one row each, all of one length, growing by whole grains.

Every sequence begins at column 0, and what lies beyond its length is masked. Widths that attention looks at are whole
grains, so that its sums are split in the same places whoever else is in the batch: a row's numbers come out the same,
bit for bit, alone or in company. For that a prompt is also cut into pieces of one size (`PIECE`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from torch import Tensor

GRAIN = 128
OPENED, FIRST = 0, 1  # the slot in which a prompt is computed, and that of row 0
PIECE = 128  # tokens of a prompt that are computed together, and between two looks at who gave up

Block = tuple[Tensor, ...]
"""Keys and values of some tokens, by layer: shapes (heads, tokens, head dim)."""


def grains(tokens: int) -> int:
    """Round up to whole grains, at least one."""
    return max(-(-tokens // GRAIN), 1) * GRAIN


@dataclass(frozen=True)
class Step:
    """What one pass through the model computes: new tokens of some rows, all with the same number of them.

    `positions` and the columns that they are written to have the shape (rows, new). `mask` is additive, of the shape
    (rows, 1, new, width). `written`: the tokens belong to texts that are being written, not to a prompt.
    """

    first: int
    positions: Tensor
    columns: Tensor
    mask: Tensor
    written: bool = False

    @property
    def rows(self) -> slice:
        return slice(self.first, self.first + len(self.columns))

    @property
    def width(self) -> int:
        return self.mask.shape[-1]

    @cached_property
    def start(self) -> int | None:
        """The first column, where it is one row whose new tokens follow one another."""
        return int(self.columns[0, 0]) if len(self.columns) == 1 else None

    @cached_property
    def row_numbers(self) -> Tensor:
        return torch.arange(self.rows.start, self.rows.stop, device=self.columns.device)[:, None]


class Slots:
    """Keys and values by layer, each of the shape (rows, heads, capacity, head dim); made when first written."""

    def __init__(self) -> None:
        self.rows = 0
        self.capacity = 0
        self._keys: list[Tensor] = []
        self._values: list[Tensor] = []

    @property
    def bytes_per_token(self) -> int:
        """What one token of one row takes; 0 before anything was written."""
        return sum(layer.shape[1] * layer.shape[3] * layer.element_size() for layer in self._layers())

    def reserve(self, rows: int, capacity: int) -> None:
        """Make room for so many rows and tokens. What these hold stays; what is beyond them may be let go."""
        capacity = grains(capacity)
        if rows <= self.rows and capacity <= self.capacity:
            return
        moved = [_resized(layer, rows, capacity) for layer in self._layers()]
        self._keys, self._values = moved[: len(moved) // 2], moved[len(moved) // 2 :]
        self.rows, self.capacity = rows, capacity

    def drop(self) -> None:
        """Give all memory back."""
        self.rows = self.capacity = 0
        self._keys, self._values = [], []

    def update(self, layer: int, keys: Tensor, values: Tensor, step: Step) -> tuple[Tensor, Tensor]:
        """Write new keys and values, (rows, heads, new, head dim); give all of those rows, as wide as the mask."""
        if len(self._keys) <= layer:
            self._keys.append(self._made(keys[0]))
            self._values.append(self._made(values[0]))
        for kept, new in ((self._keys[layer], keys), (self._values[layer], values)):
            if step.start is not None:
                kept[step.first, :, step.start : step.start + new.shape[2]] = new[0]
            else:
                kept[step.row_numbers, :, step.columns] = new.transpose(1, 2)
        rows, width = step.rows, step.width
        return self._keys[layer][rows, :, :width], self._values[layer][rows, :, :width]

    def move(self, source: int, target: int, tokens: int) -> None:
        """Copy the first tokens of one row over another."""
        for layer in self._layers():
            layer[target, :, :tokens] = layer[source, :, :tokens]

    def read(self, row: int, bounds: Iterable[int]) -> list[Block]:
        """Copy out the tokens between each two neighbouring bounds."""
        return [tuple(layer[row, :, start:end].clone() for layer in self._layers()) for start, end in pairwise(bounds)]

    def write(self, row: int, blocks: list[Block]) -> None:
        """Lay blocks into a row from its beginning."""
        if not self._keys:
            made = [self._made(part) for part in blocks[0]]
            self._keys, self._values = made[: len(made) // 2], made[len(made) // 2 :]
        for layer, parts in zip(self._layers(), zip(*blocks, strict=True), strict=True):
            joined = torch.cat(parts, dim=1)
            layer[row, :, : joined.shape[1]] = joined

    def _made(self, like: Tensor) -> Tensor:
        heads, _, dimension = like.shape
        return like.new_zeros((self.rows, heads, self.capacity, dimension))

    def _layers(self) -> list[Tensor]:
        return [*self._keys, *self._values]


def _resized(layer: Tensor, rows: int, capacity: int) -> Tensor:
    fresh = layer.new_zeros((rows, layer.shape[1], capacity, layer.shape[3]))
    kept = layer[:rows, :, :capacity]
    fresh[: kept.shape[0], :, : kept.shape[2]] = kept
    return fresh
