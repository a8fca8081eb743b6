"""How far each variant's likelihoods are from fp32, token by token, as text is written: there they differ most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.models.aside import Aside
from models.engines.loading import LoadedModel, load_causal, load_generator
from models.engines.tokenizing import ChatTokenizer


def quality(folder: Path, text: str, peers: Mapping[str, Aside]) -> dict[str, dict[str, float]]:
    """Give KL to fp32 and agreement of the likeliest token for the engine's types, transformers' bf16, and peers."""
    import torch

    ids = ChatTokenizer(folder).encode(text)
    exact = _lines(load_causal(folder, "cpu", "float32", None), ids)
    found = {
        "ours": _lines(load_generator(folder, "cpu", "auto", None), ids),
        "ours bf16": _lines(load_generator(folder, "cpu", "bfloat16", None), ids),
        "generate bf16": _lines(load_causal(folder, "cpu", "bfloat16", None), ids),
    }
    found |= {name: torch.from_numpy(peer.call("lines", ids)[0]) for name, peer in peers.items()}
    return {
        name: {
            "kl_to_fp32": float((exact.exp() * (exact - lines)).sum(-1).mean()),
            "same_top_token": float((exact.argmax(-1) == lines.argmax(-1)).float().mean()),
        }
        for name, lines in found.items()
    }


def _lines(loaded: LoadedModel, ids: Sequence[int]) -> Any:
    import torch

    from models.engines.running import pick_decoder

    decoder = pick_decoder(loaded, 0)
    decoder.reserve(1, len(ids))
    rows = [decoder.decode([token], [at])[0] for at, token in enumerate(ids)]
    return torch.stack(rows).float().log_softmax(-1)
