"""Weights in bf16, sums in fp32, for CPUs that cannot multiply bf16 themselves.

There, reading weights is what a single row (one new token) costs, and bf16 halves it; many rows at once (a prompt)
cost multiplications, and bf16 without hardware for it is many times slower than fp32. So each linear layer chooses by
the number of rows. Measured on an AVX2 machine in benchmarks/models/generate.py.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

FEW_ROWS = 3


class MixedLinear(nn.Module):
    """A linear layer with bf16 weights; takes and gives float32, shape (..., in) → (..., out)."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight = linear.weight
        self.bias = linear.bias

    def forward(self, x: Tensor) -> Tensor:
        if x.numel() // x.shape[-1] <= FEW_ROWS:
            return functional.linear(x.to(self.weight.dtype), self.weight, self.bias).float()
        bias = None if self.bias is None else self.bias.float()
        return functional.linear(x, self.weight.float(), bias)


class FloatEmbedding(nn.Module):
    """An embedding whose table stays in bf16 and whose rows come out in float32."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    @property
    def weight(self) -> Any:
        return self.inner.weight

    def forward(self, ids: Tensor) -> Tensor:
        rows: Tensor = self.inner(ids)
        return rows.float()


def use_mixed_linears(model: Any) -> None:
    """Replace a bf16 model's linear layers and embedding in place; norms and biases of norms become float32."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child) is nn.Linear:
                setattr(module, name, MixedLinear(child))
    model.set_input_embeddings(FloatEmbedding(model.get_input_embeddings()))
    large = {id(m.weight) for m in model.modules() if isinstance(m, MixedLinear | FloatEmbedding)}
    for parameter in model.parameters():
        if id(parameter) not in large and parameter.dtype == torch.bfloat16:
            parameter.data = parameter.data.float()
