"""A head in two steps, for the one new token of each row: 4-bit blocks say which tokens can count, and only those are
computed from the weights themselves.

A small model's head is its largest matrix, and reading it takes almost half of a new token's time. Rounded to 4 bits it
takes a quarter, but alone that ruins the likelihoods (KL to fp32 .08 for SmolLM2-135M). What it cannot do is lift an
unlikely token near the likeliest one, so it is good for screening; what stays rounded are logits far below the best.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from models.engines.int4 import Blocks, PackedLinear

MARGIN = 8.0
"""Tokens whose rounded logits lie further below the row's best (nats) keep these. Mean KL to fp32 on one English text:
.0056 with 7, .0040 with 8, .0029 with 9, .0008 with the whole head in bf16; the more are computed, the slower are
eight rows: with 8 they take as long as with the whole head, and one row takes four fifths."""


class ScreenedHead:
    """x (rows, hidden) → logits (rows, vocabulary), of type `dtype`. `few` and `many` as in llama.py's `Linear`."""

    def __init__(self, weight: Tensor, blocks: Blocks, dtype: torch.dtype) -> None:
        self._weight = weight
        self._dtype = dtype
        self._screen = PackedLinear(blocks, dtype)

    def few(self, x: Tensor) -> Tensor:
        logits = self._screen(x)
        likely = logits > logits.amax(-1, keepdim=True) - MARGIN
        tokens = likely.any(0).nonzero()[:, 0]
        exact = functional.linear(x.to(self._weight.dtype), self._weight.index_select(0, tokens)).to(self._dtype)
        # Each row takes only those of its own, so that the company's do not change it.
        logits[:, tokens] = torch.where(likely.index_select(1, tokens), exact, logits.index_select(1, tokens))
        return logits

    def many(self, x: Tensor) -> Tensor:
        return functional.linear(x, self._weight.to(self._dtype))
