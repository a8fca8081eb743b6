"""Taking the 4-bit blocks of a Llama out of its GGUF file, under the names and in the order that transformers uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from models.engines.int4 import GROUP, Blocks

_PARTS = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def llama_blocks(gguf: Path) -> Iterator[tuple[str, Blocks]]:
    """Yield each matrix that the file has in 4-bit blocks of 32; nothing for other architectures."""
    from gguf import GGUFReader

    reader: Any = GGUFReader(str(gguf))
    if _field(reader, "general.architecture") != "llama":
        return
    heads = {"attn_q": int(_field(reader, "llama.attention.head_count"))}
    heads["attn_k"] = int(_field(reader, "llama.attention.head_count_kv") or heads["attn_q"])
    for tensor in reader.tensors:
        kind, names = tensor.tensor_type.name, tensor.name.split(".")
        if kind not in ("Q4_0", "Q4_1") or len(names) != 4 or names[2] not in _PARTS:
            continue
        blocks = _blocks(torch.from_numpy(tensor.data.copy()), kind)
        if names[2] in heads:
            blocks = blocks.rows(_half_order(blocks.numbers.shape[0], heads[names[2]]))
        yield f"model.layers.{names[1]}.{_PARTS[names[2]]}.weight", blocks


def _blocks(raw: torch.Tensor, kind: str) -> Blocks:
    """Read rows of blocks: float16 scale, for Q4_1 float16 low, then 16 bytes whose lower halves come first."""
    head = 2 if kind == "Q4_0" else 4
    blocks = raw.reshape(raw.shape[0], -1, head + GROUP // 2)
    scales = blocks[..., :2].contiguous().view(torch.float16)[..., 0]
    lows = -8 * scales if kind == "Q4_0" else blocks[..., 2:4].contiguous().view(torch.float16)[..., 0]
    halves = blocks[..., head:]
    return Blocks(torch.cat([halves & 15, halves >> 4], dim=-1).flatten(1), scales, lows)


def _half_order(rows: int, heads: int) -> torch.Tensor:
    """llama.cpp keeps the two numbers that turn together side by side; transformers keeps them half a head apart."""
    return torch.arange(rows).view(heads, rows // heads // 2, 2).transpose(1, 2).flatten()


def _field(reader: Any, name: str) -> Any:
    field = reader.get_field(name)
    return None if field is None else field.contents()
