"""bf16 weights in the order in which oneDNN multiplies by them.

A plain matrix is brought into that order anew at every product; laid down in it once, one row takes two thirds of the
time and a piece of a prompt nine tenths, with the same numbers (benchmarks/models/generate.py). The operators are those
that torch's own compiler uses for the weights of a frozen model.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from models.engines.slots import PIECE


class ReorderedWeight:
    """x (rows, in) → (rows, out), both bf16. The weight is brought into order at its first product, which costs as
    much as any product by a plain one.
    """

    def __init__(self, weight: Tensor) -> None:
        self._weight = weight
        self._ordered = False

    def __call__(self, x: Tensor) -> Tensor:
        if not self._ordered:
            self._weight, self._ordered = torch.ops.mkldnn._reorder_linear_weight(self._weight, PIECE), True
        product: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, None, "none", [], "")
        return product


@cache
def can_reorder() -> bool:
    """Whether this torch and machine have the operators, and multiply bf16 themselves."""
    try:
        if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
            return False
        weight, x = torch.ones((64, 32), dtype=torch.bfloat16), torch.ones((1, 32), dtype=torch.bfloat16)
        return torch.equal(ReorderedWeight(weight)(x), functional.linear(x, weight))
    except (RuntimeError, AttributeError):
        return False
