"""A compact pass through BERTs and RoBERTas, for CPUs: no padding, few operations, weights packed once.

The texts of a batch lie end to end, so that every product is taken over real tokens alone; only attention goes text by
text, those of one length together. q, k and v are one product; GELU and the residual sums are part of the products
where the packed kernels can (oneDNN's, which torch's own compiler calls in the same way).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from models.encoders.layout import EncoderLayout, Pooling

if TYPE_CHECKING:
    from models.encoders.forward import Rows, Vectors

_EXPECTED: Mapping[str, Any] = {
    "hidden_act": "gelu",
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}
_COUNT_FROM_PADDING = {"roberta", "xlm-roberta", "camembert"}  # their first position is the padding's id and one


@dataclass(frozen=True)
class Shape:
    """A BERT's sizes. `pad_id` is set where positions are counted from it."""

    heads: int
    layers: int
    eps: float
    pad_id: int | None


def read_shape(folder: Path) -> Shape | None:
    """Give the sizes of a model that this pass computes exactly; None for every other one."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    kind, pad = config.get("model_type"), config.get("pad_token_id")
    counted = kind in _COUNT_FROM_PADDING
    plain = all(config.get(key, value) == value for key, value in _EXPECTED.items())
    if not (kind == "bert" or (counted and isinstance(pad, int))) or not plain or "quantization_config" in config:
        return None
    return Shape(
        heads=config.get("num_attention_heads", 12),
        layers=config.get("num_hidden_layers", 12),
        eps=float(config.get("layer_norm_eps", 1e-12)),
        pad_id=pad if counted else None,
    )


class Linear:
    """x (tokens, in) → (tokens, out), in the weights' number type; bf16 weights are packed."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self._bias = bias
        packed = weight.dtype == torch.bfloat16 and can_pack()
        ops: Any = torch.ops.mkldnn
        self._packed: Any = ops._linear_pointwise if packed else None
        self._weight: Tensor = ops._reorder_linear_weight(weight, None) if packed else weight

    def __call__(self, x: Tensor) -> Tensor:
        if self._packed is None:
            return functional.linear(x, self._weight, self._bias)
        found: Tensor = self._packed(x, self._weight, self._bias, "none", [], "")
        return found

    def gelu(self, x: Tensor) -> Tensor:
        if self._packed is None:
            return functional.gelu(self(x))
        found: Tensor = self._packed(x, self._weight, self._bias, "gelu", [], "none")  # none: not by tanh
        return found

    def plus(self, x: Tensor, other: Tensor) -> Tensor:
        if self._packed is None:
            return self(x).add_(other)
        found: Tensor = self._packed.binary(x, other, self._weight, self._bias, "add")
        return found


class Norm:
    """Layer norm over the last dimension."""

    def __init__(self, weight: Tensor, bias: Tensor, eps: float) -> None:
        self._given = (weight, bias, eps)

    def __call__(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, x.shape[-1:], *self._given)


@dataclass(frozen=True)
class Layer:
    qkv: Linear
    out: Linear
    after_attention: Norm
    up: Linear
    down: Linear
    after_mlp: Norm


class BertForward:
    """Rows of tokens, the shortest first → vectors of length 1, shape (rows, dimension). Pools in float32."""

    def __init__(
        self, shape: Shape, pooling: Pooling, words: Tensor, positions: Tensor, first: Norm, layers: list[Layer]
    ) -> None:
        self._shape = shape
        self._pooling = pooling
        self._words = words
        self._positions = positions
        self._first = first
        self._layers = layers

    def __call__(self, rows: Rows) -> Vectors:
        lengths = [len(row) for row in rows]
        runs = [(length, len(list(same))) for length, same in groupby(lengths)]
        with torch.inference_mode():
            ids = torch.tensor([token for row in rows for token in row])
            places = torch.tensor([place for row in rows for place in self._count(row)])
            x = self._first(functional.embedding(ids, self._words) + functional.embedding(places, self._positions))
            for layer in self._layers:
                x = layer.after_attention(layer.out.plus(self._attend(layer.qkv(x), runs), x))
                x = layer.after_mlp(layer.down.plus(layer.up.gelu(x), x))
            pooled = torch.stack([_pool(states, self._pooling) for states in torch.split(x.float(), lengths)])
            vectors: Vectors = functional.normalize(pooled, dim=-1).numpy()
        return vectors

    def multiplications(self, rows: Rows) -> float:
        """About how many multiplications a call takes."""
        width = self._words.shape[1]
        return 12.0 * width * width * len(self._layers) * sum(map(len, rows))

    def _count(self, row: Sequence[int]) -> Iterable[int]:
        """Give each token's position as the model was taught to count: some leave out the padding's own sign."""
        pad = self._shape.pad_id
        if pad is None:
            return range(len(row))
        seen = accumulate(token != pad for token in row)
        return [pad + (count if token != pad else 0) for token, count in zip(row, seen, strict=True)]

    def _attend(self, qkv: Tensor, runs: Iterable[tuple[int, int]]) -> Tensor:
        """Give what each token sees of its text, (tokens, dimension). `runs`: a length, and how many texts have it."""
        seen, start = [], 0
        for length, count in runs:
            part = qkv[start : start + length * count].view(count, length, 3, self._shape.heads, -1)
            queries, keys, values = part.permute(2, 0, 3, 1, 4)
            found = functional.scaled_dot_product_attention(queries, keys, values)
            seen.append(found.transpose(1, 2).reshape(length * count, -1))
            start += length * count
        return seen[0] if len(seen) == 1 else torch.cat(seen)


def load_bert(layout: EncoderLayout, shape: Shape, dtype: torch.dtype) -> BertForward:
    """Read a checked folder. Raises KeyError or RuntimeError where its weights are not a BERT's."""
    get = _reader(layout.folder)

    def linear(*names: str) -> Linear:
        weight = torch.cat([get(f"{name}.weight") for name in names]).to(dtype)
        return Linear(weight, torch.cat([get(f"{name}.bias") for name in names]).to(dtype))

    def norm(name: str) -> Norm:
        return Norm(get(f"{name}.weight").to(dtype), get(f"{name}.bias").to(dtype), shape.eps)

    def layer(index: int) -> Layer:
        at = f"encoder.layer.{index}."
        return Layer(
            qkv=linear(*(f"{at}attention.self.{part}" for part in ("query", "key", "value"))),
            out=linear(f"{at}attention.output.dense"),
            after_attention=norm(f"{at}attention.output.LayerNorm"),
            up=linear(f"{at}intermediate.dense"),
            down=linear(f"{at}output.dense"),
            after_mlp=norm(f"{at}output.LayerNorm"),
        )

    kind = get("embeddings.token_type_embeddings.weight")[0].float()  # every text is of the first type
    with torch.inference_mode():
        return BertForward(
            shape,
            layout.pooling,
            get("embeddings.word_embeddings.weight").to(dtype),
            (get("embeddings.position_embeddings.weight").float() + kind).to(dtype),
            norm("embeddings.LayerNorm"),
            [layer(index) for index in range(shape.layers)],
        )


def can_pack() -> bool:
    """Whether this torch has the packed products."""
    library: Any = torch.backends.mkldnn
    names = ("_linear_pointwise", "_reorder_linear_weight")
    return bool(library.is_available()) and all(hasattr(torch.ops.mkldnn, name) for name in names)


def _pool(states: Tensor, pooling: Pooling) -> Tensor:
    """Make one vector of a text's states, (tokens, dimension) → (dimension,)."""
    return states.mean(0) if pooling == "mean" else states[0 if pooling == "cls" else -1]


def _reader(folder: Path) -> Callable[[str], Tensor]:
    """Open a folder's shards; gives what reads a weight by its name, with or without a model's name before it."""
    from safetensors import safe_open

    files: dict[str, Any] = {}
    for path in sorted(folder.glob("model*.safetensors")):
        file: Any = safe_open(path, framework="pt")
        files.update(dict.fromkeys(file.keys(), file))
    ending = "embeddings.word_embeddings.weight"
    found = next((name for name in files if name.endswith(ending)), ending)
    prefix = found.removesuffix(ending)
    return lambda name: files[prefix + name].get_tensor(prefix + name)
