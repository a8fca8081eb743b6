"""Linear layers whose weights are the 4-bit blocks of a GGUF file, just as they are, for the one new token of a row.

A block is 32 numbers along the input: w = scale * q + low, q from 0 to 15 (Q4_1; Q4_0 has low = -8 * scale). torch's
kernel wants w = (q - 8) * scale + zero, which is the same with zero = low + 8 * scale. So nothing is quantised anew;
only scale and zero are rounded to the number type of the activations. Where a block is few numbers for much work, as
for a whole prompt, the kernel is slower than bf16, so each layer keeps both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

FILE = "parley-int4.safetensors"
"""The blocks of a converted model, beside its bf16 weights."""

HEAD = "head"
"""The name under which the head lies there, in blocks rounded for screening.py; not the very same numbers."""

GROUP = 32


@dataclass(frozen=True)
class Blocks:
    """A matrix (out, in) in blocks: `numbers` uint8 (out, in), `scales` and `lows` float16 (out, in / 32)."""

    numbers: Tensor
    scales: Tensor
    lows: Tensor

    def rows(self, order: Tensor) -> Blocks:
        """Give the matrix with its rows in another order."""
        return Blocks(self.numbers[order], self.scales[order], self.lows[order])

    def weights(self) -> Tensor:
        """Give the numbers that the blocks stand for, float32."""
        numbers = self.numbers.reshape(len(self.numbers), -1, GROUP).float()
        whole: Tensor = numbers * self.scales.float()[..., None] + self.lows.float()[..., None]
        return whole.flatten(1)


def joined(parts: list[Blocks]) -> Blocks:
    """Stack matrices of the same input."""
    return Blocks(
        torch.cat([part.numbers for part in parts]),
        torch.cat([part.scales for part in parts]),
        torch.cat([part.lows for part in parts]),
    )


def rounded(weight: Tensor) -> Blocks | None:
    """Round a matrix (out, in) to blocks from each one's lowest to its highest number; None where it does not fit."""
    if weight.shape[0] % 64 or weight.shape[1] % GROUP:
        return None
    groups = weight.float().reshape(len(weight), -1, GROUP)
    lows = groups.amin(-1).half()
    scales = ((groups.amax(-1) - lows.float()) / 15).clamp_min(1e-7).half()
    numbers = ((groups - lows.float()[..., None]) / scales.float()[..., None]).round_().clamp_(0, 15)
    return Blocks(numbers.to(torch.uint8).flatten(1), scales, lows)


class PackedLinear:
    """x (rows, in) → (rows, out), for up to about 8 rows."""

    def __init__(self, blocks: Blocks, dtype: torch.dtype) -> None:
        self._packed = torch.ops.aten._convert_weight_to_int4pack_for_cpu(blocks.numbers.int(), 1)
        scales = blocks.scales.float()
        zeros = blocks.lows.float() + 8 * scales
        self._scales_and_zeros = torch.stack([scales.T, zeros.T], dim=-1).to(dtype).contiguous()

    def __call__(self, x: Tensor) -> Tensor:
        product: Tensor = torch.ops.aten._weight_int4pack_mm_for_cpu(x, self._packed, GROUP, self._scales_and_zeros)
        return product


def can_pack() -> bool:
    """Whether this torch and machine have the kernels."""
    try:
        blocks = Blocks(
            torch.zeros((64, GROUP), dtype=torch.uint8), torch.ones(64, 1).half(), torch.zeros(64, 1).half()
        )
        return bool((PackedLinear(blocks, torch.float32)(torch.ones(1, GROUP)) == 0).all())
    except (RuntimeError, AttributeError):
        return False


def read_blocks(folder: Path) -> Callable[[str], Blocks | None]:
    """Open a folder's blocks; gives what looks a weight up by its name. Nothing is found where there is no file."""
    path = folder / FILE
    if not path.is_file():
        return lambda _: None
    from safetensors import safe_open

    file: Any = safe_open(path, framework="pt")
    names = frozenset(file.keys())

    def find(name: str) -> Blocks | None:
        if f"{name}.numbers" not in names:
            return None
        halves = file.get_tensor(f"{name}.numbers")
        numbers = torch.stack([halves & 15, halves >> 4], dim=-1).flatten(1)
        return Blocks(numbers, file.get_tensor(f"{name}.scales"), file.get_tensor(f"{name}.lows"))

    return find


def write_blocks(found: Iterator[tuple[str, Blocks]], path: Path) -> bool:
    """Write blocks, two numbers a byte; gives whether there were any."""
    from safetensors.torch import save_file

    tensors: dict[str, Tensor] = {}
    for name, blocks in found:
        pairs = blocks.numbers.reshape(len(blocks.numbers), -1, 2)
        tensors[f"{name}.numbers"] = pairs[..., 0] | (pairs[..., 1] << 4)
        tensors[f"{name}.scales"] = blocks.scales.contiguous()
        tensors[f"{name}.lows"] = blocks.lows.contiguous()
    if tensors:
        save_file(tensors, path)
    return bool(tensors)
