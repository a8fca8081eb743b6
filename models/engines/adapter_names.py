"""Adapters by name, as requests give them, by number, as engines count them, and by folder. Loads no heavy library."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from models.errors import EngineFailed, InvalidWeights, UnknownModel
from models.extras import install, is_installed


def adapter_number(name: str | None, known: Collection[str], model: str) -> int:
    """Give an adapter's number, 0 for no name. Raises UnknownModel."""
    if not name:
        return 0
    if name not in known:
        raise UnknownModel(
            f"The model '{model}' has no adapter '{name}'. Describe it in parley.toml under [models.adapters.{name}]; "
            f"there is: {', '.join(known) or 'none'}."
        )
    return 1 + list(known).index(name)


def check_adapter(name: str, folder: Path) -> None:
    """Make sure that a folder could hold a LoRA adapter, without reading its weights.

    Raises InvalidWeights, and EngineFailed without peft.
    """
    config, weights = folder / "adapter_config.json", folder / "adapter_model.safetensors"
    if not config.is_file():
        raise InvalidWeights(f"The adapter '{name}' has no adapter_config.json in {folder}. Correct models.adapters.")
    if not weights.is_file():
        raise InvalidWeights(
            f"The adapter '{name}' has no adapter_model.safetensors. Pickles are refused: save it with safetensors."
        )
    if not is_installed("peft"):
        raise EngineFailed(f"models.adapters names adapters, and peft is not installed. {install('lora')}")
    if not _is_object(config) or not _is_whole(weights):
        raise InvalidWeights(f"The adapter '{name}' cannot be read. Save or fetch it anew.")


def _is_object(file: Path) -> bool:
    try:
        return isinstance(json.loads(file.read_text(encoding="utf-8")), dict)
    except (ValueError, OSError):
        return False


def _is_whole(weights: Path) -> bool:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(weights), framework="np"):  # reads the header, and compares it with the file's size
            return True
    except (SafetensorError, OSError):
        return False


def marked(tokens: list[int], adapter: int) -> list[int]:
    """Tokens that are equal under the same adapter alone: what an adapter computes from them is its own."""
    return [token + adapter * _STRIDE for token in tokens] if adapter else tokens


_STRIDE = 2**20  # above any vocabulary; adapters up to 2047 fit into 32 bits with it
