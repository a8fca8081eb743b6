"""Loading a causal language model from its folder, in the number type that is fastest on the machine."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from models.devices import Device, check_device
from models.engines.tokenizing import ChatTokenizer
from models.folders import check_folder
from models.memory import check_memory
from models.pretrained import load_model

if TYPE_CHECKING:
    import torch

    from models.engines.llama import LlamaForward

NumberType = Literal["auto", "float32", "bfloat16", "mixed", "int4"]
"""`int4` uses a model's own 4-bit blocks where it has some, and elsewhere is what `auto` is without it."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory with all that a decoder needs: transformers' or a compact one.

    `eos` are the tokens that end a message.
    """

    model: Any
    tokenizer: ChatTokenizer
    device: torch.device
    context_tokens: int
    eos: frozenset[int]


def load_generator(folder: Path, device: Device, dtype: NumberType, threads: int | None) -> LoadedModel:
    """Load a generator in the fastest exact way. Raises InvalidWeights, DeviceMissing or EngineFailed."""
    check_folder(folder)
    place = pick_device(device)
    kind = pick_type(dtype, place)
    check_memory(folder, kind)
    if place.type == "cpu" and (model := _load_compact(folder, kind, packed=dtype in ("auto", "int4"))) is not None:
        _set_threads(threads)
        _LOG.info("loaded %s compactly on the CPU as %s", folder.name, kind)
        return LoadedModel(model, ChatTokenizer(folder), place, context_tokens(folder), end_tokens(folder))
    return load_causal(folder, device, kind, threads)


def _load_compact(folder: Path, kind: NumberType, *, packed: bool) -> LlamaForward | None:
    import torch

    from models.engines.llama import load_llama, read_shape

    shape = read_shape(folder)
    if shape is None:
        return None
    weights = torch.float32 if kind == "float32" else torch.bfloat16
    dtype = torch.bfloat16 if kind == "bfloat16" else torch.float32
    try:
        with torch.inference_mode():
            return load_llama(folder, shape, dtype=dtype, weights=weights, packed=packed)
    except (KeyError, RuntimeError) as error:  # weights of other names or sizes than a Llama's
        _LOG.warning("%s is no plain Llama (%s); transformers loads it", folder.name, type(error).__name__)
        return None


def load_causal(folder: Path, device: Device, dtype: NumberType, threads: int | None) -> LoadedModel:
    """Load a generator by transformers. Raises InvalidWeights, DeviceMissing or EngineFailed."""
    check_folder(folder)
    import torch
    from transformers import AutoModelForCausalLM

    place = pick_device(device)
    _set_threads(threads)
    kind = pick_type(dtype, place)
    model = load_model(AutoModelForCausalLM, folder, dtype=torch.float32 if kind == "float32" else torch.bfloat16)
    model.eval()
    if kind == "mixed":
        from models.engines.mixed import use_mixed_linears

        use_mixed_linears(model)
    model.to(place)
    _LOG.info("loaded %s on %s as %s", folder.name, place.type, kind)
    return LoadedModel(model, ChatTokenizer(folder), place, context_tokens(folder), end_tokens(folder))


def pick_device(device: Device) -> torch.device:
    """Choose the GPU if there is one. Raises DeviceMissing when `cuda` was asked for in vain."""
    import torch

    check_device(device)
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(device)


def pick_type(dtype: NumberType, place: torch.device) -> NumberType:
    """Choose bf16 where the hardware multiplies it; elsewhere `mixed` (see mixed.py), where bf16 alone is slow."""
    if dtype not in ("auto", "int4"):
        return dtype
    return "bfloat16" if place.type == "cuda" or cpu_has_bf16() else "mixed"


def _set_threads(threads: int | None) -> None:
    import torch

    if threads:
        torch.set_num_threads(threads)


def cpu_has_bf16() -> bool:
    """Whether this CPU multiplies bf16 itself (AVX512-BF16, AMX or the like)."""
    import torch

    cpu: Any = torch.cpu
    return any(getattr(cpu, name, bool)() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))


def context_tokens(folder: Path) -> int:
    """Read from config.json how many tokens the model can look at; 2048 where it does not say."""
    config = _json(folder / "config.json")
    config = config.get("text_config", config)
    for key in ("max_position_embeddings", "n_positions", "max_seq_len"):
        if isinstance(config.get(key), int):
            return int(config[key])
    return 2048


def end_tokens(folder: Path) -> frozenset[int]:
    """Read the tokens that end a message, from the generation settings and the config."""
    found: set[int] = set()
    for name in ("generation_config.json", "config.json"):
        value = _json(folder / name).get("eos_token_id")
        found.update([value] if isinstance(value, int) else value or [])
    return frozenset(found)


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
