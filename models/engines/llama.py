"""A compact pass through Llamas, for CPUs: the same numbers as transformers', in a third of the operations.

On a small model the time goes into calling operations, not into arithmetic. So q, k and v are one product, gate and up
another, the turning by position is one complex multiplication, and the keys and values lie in place (slots.py). Where
the model came in 4-bit blocks, those are used for the one new token of each row (int4.py), and the head is computed
only for the tokens that can count (screening.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from models.engines.int4 import HEAD, Blocks, PackedLinear, can_pack, joined, read_blocks
from models.engines.mixed import FEW_ROWS
from models.engines.reordered import ReorderedWeight, can_reorder
from models.engines.screening import ScreenedHead
from models.engines.slots import Slots, Step

GUESSES = 3
"""Four tokens of a row cost half as much again as one, where the weights come in 4-bit blocks, and less in bf16."""

Product = Callable[[Tensor], Tensor]


class Linear:
    """x (rows, in) → (rows, out). `few` is for the one new token of each row, `many` for pieces of prompts.

    `shared`: the weight is used elsewhere too, and stays as it is.
    """

    def __init__(self, weight: Tensor, blocks: Blocks | None, dtype: torch.dtype, *, shared: bool = False) -> None:
        self.few: Product = partial(_few, weight, dtype)
        self.many: Product = partial(_many, weight, dtype)
        if weight.dtype == dtype == torch.bfloat16 and not shared and can_reorder():
            self.few = self.many = ReorderedWeight(weight)
        if blocks is not None:
            self.few = PackedLinear(blocks, dtype)


def _few(weight: Tensor, dtype: torch.dtype, x: Tensor) -> Tensor:
    return functional.linear(x.to(weight.dtype), weight).to(dtype)


def _many(weight: Tensor, dtype: torch.dtype, x: Tensor) -> Tensor:
    return functional.linear(x, weight.to(dtype))


@dataclass(frozen=True)
class Layer:
    """One layer's weights; q and k rows are in the order in which numbers that turn together are neighbours."""

    before_attention: Tensor
    qkv: Linear
    out: Linear
    before_mlp: Tensor
    gate_up: Linear
    down: Linear


@dataclass(frozen=True)
class Shape:
    """A Llama's sizes."""

    heads: int
    kv_heads: int
    head_dim: int
    eps: float
    theta: float
    layers: int
    tied: bool


class LlamaForward:
    """A `Forward` over its own weights."""

    def __init__(
        self,
        shape: Shape,
        layers: list[Layer],
        embedding: Tensor,
        norm: Tensor,
        head: Linear | ScreenedHead,
        dtype: torch.dtype,
    ) -> None:
        self._shape = shape
        self._layers = layers
        self._embedding = embedding
        self._norm = norm
        self._head = head
        self.device = embedding.device
        self.dtype = dtype
        mixed = dtype != embedding.dtype
        # Measured, and held by the tests: which kernels add up in the same order whatever the number of rows.
        self.fewest_rows = 4 if self.dtype == torch.float32 and not mixed else 1
        self.most_rows = FEW_ROWS if mixed else 1 << 30
        self.guesses = min(self.most_rows, GUESSES + 1) - 1 if self.fewest_rows == 1 else 0
        self._eps = torch.tensor(shape.eps)
        turns = torch.arange(0, shape.head_dim, 2, dtype=torch.float32) / shape.head_dim
        self._frequencies = 1.0 / (shape.theta**turns)

    def __call__(self, ids: Tensor, step: Step, slots: Slots, keep: int) -> Tensor:
        rows, new = ids.shape
        few = step.written
        hidden = functional.embedding(ids.flatten(), self._embedding).float()
        angles = step.positions.flatten()[:, None].float() * self._frequencies
        turn = torch.polar(torch.ones_like(angles), angles)[:, None]
        for index, layer in enumerate(self._layers):
            x = self._normed(hidden, layer.before_attention)
            qkv = layer.qkv.few(x) if few else layer.qkv.many(x)
            seen = self._attend(qkv.view(rows, new, -1, self._shape.head_dim), turn, index, step, slots)
            hidden += layer.out.few(seen) if few else layer.out.many(seen)
            x = self._normed(hidden, layer.before_mlp)
            both = layer.gate_up.few(x) if few else layer.gate_up.many(x)
            gate, up = both.chunk(2, dim=-1)
            x = functional.silu(gate).mul_(up)
            hidden += layer.down.few(x) if few else layer.down.many(x)
        last = hidden.view(rows, new, -1)[:, -keep:].flatten(0, 1)
        x = self._normed(last, self._norm)
        return (self._head.few(x) if few or keep == 1 else self._head.many(x)).view(rows, min(keep, new), -1)

    def _normed(self, hidden: Tensor, weight: Tensor) -> Tensor:
        """Root mean square norm of float32 (rows, hidden), in few operations."""
        length = torch.linalg.vector_norm(hidden, dim=-1, keepdim=True)
        inverse = torch.addcmul(self._eps, length, length, value=1 / hidden.shape[-1]).rsqrt_()
        return (hidden * inverse).mul_(weight).to(self.dtype)

    def _attend(self, qkv: Tensor, turn: Tensor, index: int, step: Step, slots: Slots) -> Tensor:
        """Give what each token sees, (rows * new, heads * head dim), from its (rows, new, all heads, head dim)."""
        shape = self._shape
        rows, new = qkv.shape[:2]
        turned = self._turned(qkv[:, :, : -shape.kv_heads], turn)
        queries, keys = turned[:, :, : shape.heads], turned[:, :, shape.heads :]
        values = qkv[:, :, -shape.kv_heads :]
        keys, values = slots.update(index, keys.transpose(1, 2), values.transpose(1, 2), step)
        if step.written:  # the heads that share keys stand where the new tokens of one head would
            queries = queries.reshape(rows, new, shape.kv_heads, -1, shape.head_dim).transpose(1, 2)
            mask = step.mask.repeat_interleave(queries.shape[3], dim=2) if new > 1 else step.mask
            seen = functional.scaled_dot_product_attention(queries.flatten(2, 3), keys, values, attn_mask=mask)
            seen = seen.view(queries.shape).transpose(1, 2)
        else:
            seen = functional.scaled_dot_product_attention(
                queries.transpose(1, 2), keys, values, attn_mask=step.mask, enable_gqa=True
            ).transpose(1, 2)
        return seen.reshape(rows * new, -1)

    def _turned(self, heads: Tensor, turn: Tensor) -> Tensor:
        rows, new, count, dimension = heads.shape
        pairs = torch.view_as_complex(heads.float().view(rows * new, count, dimension // 2, 2))
        return torch.view_as_real(pairs * turn).view(heads.shape).to(self.dtype)


def read_shape(folder: Path) -> Shape | None:
    """Give the sizes of a Llama that the compact pass computes exactly; None for every other model."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    rope = config.get("rope_parameters") or {
        "rope_theta": config.get("rope_theta"),
        **(config.get("rope_scaling") or {}),
    }
    heads = config.get("num_attention_heads")
    expected: Mapping[str, Any] = {"hidden_act": "silu", "attention_bias": False, "mlp_bias": False}
    plain = all(config.get(key, value) == value for key, value in expected.items())
    scaled = rope.get("rope_type", rope.get("type", "default")) != "default" or "quantization_config" in config
    if config.get("model_type") != "llama" or not plain or scaled or not heads:
        return None
    return Shape(
        heads=heads,
        kv_heads=config.get("num_key_value_heads") or heads,
        head_dim=config.get("head_dim") or config["hidden_size"] // heads,
        eps=float(config.get("rms_norm_eps", 1e-6)),
        theta=float(rope.get("rope_theta") or 10000.0),
        layers=config["num_hidden_layers"],
        tied=bool(config.get("tie_word_embeddings", False)),
    )


def load_llama(folder: Path, shape: Shape, *, dtype: torch.dtype, weights: torch.dtype, packed: bool) -> LlamaForward:
    """Read a checked folder. `dtype` is that of the activations; `packed`: use its 4-bit blocks where it has some."""
    get = _reader(folder)
    blocks = read_blocks(folder) if packed and can_pack() else lambda _: None
    order = _neighbours(shape)

    def norm(name: str) -> Tensor:
        return get(name).float()

    def linear(*names: str, turned: bool = False) -> Linear:
        whole = torch.cat([get(name).to(weights) for name in names])
        found = [blocks(name) for name in names]
        parts = [part for part in found if part is not None]
        whole_blocks = joined(parts) if len(parts) == len(names) else None
        if turned:
            whole = whole[order]
            whole_blocks = whole_blocks and whole_blocks.rows(order)
        return Linear(whole, whole_blocks, dtype)

    def layer(index: int) -> Layer:
        at = f"model.layers.{index}."
        qkv = [f"{at}self_attn.{part}_proj.weight" for part in "qkv"]
        return Layer(
            before_attention=norm(f"{at}input_layernorm.weight"),
            qkv=linear(*qkv, turned=True),
            out=linear(f"{at}self_attn.o_proj.weight"),
            before_mlp=norm(f"{at}post_attention_layernorm.weight"),
            gate_up=linear(f"{at}mlp.gate_proj.weight", f"{at}mlp.up_proj.weight"),
            down=linear(f"{at}mlp.down_proj.weight"),
        )

    embedding = get("model.embed_tokens.weight").to(weights)
    head = embedding if shape.tied else get("lm_head.weight").to(weights)
    screen = blocks(HEAD)
    whole_head = Linear(head, None, dtype, shared=shape.tied) if screen is None else ScreenedHead(head, screen, dtype)
    layers = [layer(index) for index in range(shape.layers)]
    return LlamaForward(shape, layers, embedding, norm("model.norm.weight"), whole_head, dtype)


def _neighbours(shape: Shape) -> Tensor:
    """The order of qkv's rows in which the two numbers of each head that turn together are neighbours."""
    turning = (shape.heads + shape.kv_heads) * shape.head_dim
    pairs = torch.arange(turning).view(-1, 2, shape.head_dim // 2).transpose(1, 2).flatten()
    return torch.cat([pairs, torch.arange(turning, turning + shape.kv_heads * shape.head_dim)])


def _reader(folder: Path) -> Callable[[str], Tensor]:
    """Open a checked folder's shards; gives what reads a weight by its name."""
    from safetensors import safe_open

    files: dict[str, Any] = {}
    for path in sorted(folder.glob("model*.safetensors")):
        file: Any = safe_open(path, framework="pt")
        files.update(dict.fromkeys(file.keys(), file))
    return lambda name: files[name].get_tensor(name)
