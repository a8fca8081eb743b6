"""Loading by transformers, at one door: nothing but a folder's own tensors, and a sentence for what is wrong with it.

    model = load_model(AutoModelForCausalLM, folder, dtype=torch.bfloat16)
    check_tensors(AutoModelForCausalLM, folder)     # the same refusals, from the files' headers alone

transformers makes up what a folder lacks at random, and only logs it; here that is refused.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from models.convert import quiet_transformers
from models.errors import InvalidWeights
from models.folders import how_to_mend

POOLERS = r"(^|\.)pooler\."
"""The parts of encoders that sentence vectors do not use; many folders lack them."""

_NAMED = 3  # tensors in a sentence


def load_model(kind: Any, folder: Path, *, name: str | None = None, unused: str = "", **options: Any) -> Any:
    """Load a checked folder as `kind`, one of transformers' auto classes. `unused`: a pattern of the names of tensors
    that may be missing.

    Raises InvalidWeights, naming tensors that are missing, and torch's OutOfMemoryError as it is.
    """
    with _translated(folder, name):
        model, found = kind.from_pretrained(
            folder,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            output_loading_info=True,
            **options,
        )
    _refuse_missing(found["missing_keys"], unused, folder, name)
    return model


def load_tokenizer(folder: Path, *, name: str | None = None) -> Any:
    """Load a folder's tokenizer by transformers. Raises InvalidWeights."""
    from transformers import AutoTokenizer

    try:
        with quiet_transformers(), warnings.catch_warnings():
            # Marian's optional punctuation library changes quotation marks only.
            warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
            tokenizer: Any = AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:  # tokenizers raises a bare Exception
        raise _no_tokenizer(folder, name) from error
    if len(tokenizer) <= len(tokenizer.all_special_tokens):  # without its file, some are made of nothing else
        raise _no_tokenizer(folder, name)
    return tokenizer


def load_config(folder: Path, *, name: str | None = None) -> Any:
    """Read a folder's config. Raises InvalidWeights where the installed transformers has no such architecture."""
    from transformers import AutoConfig

    with _translated(folder, name):
        return AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)


def check_tensors(kind: Any, folder: Path, *, name: str | None = None, unused: str = "") -> None:
    """Refuse what `load_model` would, without reading the weights: the model is laid out on torch's meta device.

    Of weights that another program quantised only the config is looked at. Raises InvalidWeights.
    """
    import torch

    config = load_config(folder, name=name)
    with _translated(folder, name):
        with torch.device("meta"):
            model: Any = kind.from_config(config, trust_remote_code=False)
        if getattr(config, "quantization_config", None) is not None:
            return
        _, found = type(model).from_pretrained(
            None,
            config=config,
            state_dict=dict(_headers(folder)),
            device_map={"": "meta"},
            output_loading_info=True,
        )
    _refuse_missing(found["missing_keys"], unused, folder, name)


def _headers(folder: Path) -> Iterator[tuple[str, Any]]:
    """Give the tensors of a checked folder by name: their shapes, without their numbers."""
    import torch
    from safetensors import safe_open

    index = folder / "model.safetensors.index.json"
    shards = {"model.safetensors"}
    if index.is_file():
        shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    for shard in sorted(shards):
        file: Any
        with safe_open(folder / shard, framework="pt") as file:
            for key in file.keys():  # noqa: SIM118 - it is no dict
                yield key, torch.empty(file.get_slice(key).get_shape(), device="meta")


def _refuse_missing(missing: Collection[str], unused: str, folder: Path, name: str | None) -> None:
    names = sorted(one for one in missing if not (unused and re.search(unused, one)))
    if names:
        some = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
        raise InvalidWeights(
            f"The model '{name or folder.name}' lacks {len(names)} of its tensors ({some}): its files are incomplete, "
            f"or it was made for another task. {how_to_mend(folder)}, or choose another model."
        )


def _no_tokenizer(folder: Path, name: str | None) -> InvalidWeights:
    return InvalidWeights(f"The tokenizer of '{name or folder.name}' is missing or damaged. {how_to_mend(folder)}.")


@contextmanager
def _translated(folder: Path, name: str | None) -> Iterator[None]:
    """Keep transformers silent, and say what its errors mean."""
    import torch

    with quiet_transformers():
        try:
            yield
        except torch.OutOfMemoryError:
            raise
        except (ValueError, KeyError, OSError, RuntimeError, TypeError, AttributeError, ImportError) as error:
            raise InvalidWeights(
                f"The model '{name or folder.name}' cannot be loaded: its files are damaged or its architecture is "
                f"unknown to the installed transformers. {how_to_mend(folder)}, or choose another model."
            ) from error
