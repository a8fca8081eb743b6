"""Unpacking a GGUF file into safetensors, once: loading the copy takes under a second, the GGUF itself 14 or more."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from models.errors import InvalidWeights


def gguf_to_safetensors(gguf: Path, folder: Path) -> None:
    """Write weights (bf16), tokenizer, chat template and generation settings into `folder`. Raises InvalidWeights."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    with quiet_transformers(), _without_the_readers_bar():
        try:
            tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
            # Without `dequantize` the weights stay in the file's blocks, and such a model cannot be saved.
            model = AutoModelForCausalLM.from_pretrained(
                gguf.parent,
                gguf_file=gguf.name,
                dtype=torch.bfloat16,
                quantization_config=GgufConfig(dequantize=True),
            )
        except (ValueError, KeyError, OSError, EOFError) as error:
            raise InvalidWeights(f"The file {gguf.name} cannot be read as a GGUF model. Fetch it anew.") from error
        model.generation_config.do_sample = False
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        _keep_blocks(gguf, model, folder)


def _keep_blocks(gguf: Path, model: Any, folder: Path) -> None:
    """Keep the file's 4-bit blocks beside the weights, if they stand for the very same numbers; then the head's too.

    The head is rounded anew (a file has it in more bits): its blocks only choose what is computed from the weights.
    """
    from models.engines.gguf_blocks import llama_blocks
    from models.engines.int4 import FILE, HEAD, rounded, write_blocks

    weights = dict(model.named_parameters())

    found = {
        name: blocks
        for name, blocks in llama_blocks(gguf)
        if name in weights and blocks.weights().to(weights[name].dtype).equal(weights[name])
    }
    if found and (head := rounded(model.get_output_embeddings().weight.detach())) is not None:
        found[HEAD] = head
    write_blocks(iter(found.items()), folder / FILE)


@contextlib.contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep transformers' bars and hints off the person's terminal."""
    from transformers.utils import logging

    switches: Any = logging  # its functions carry no types

    level = switches.get_verbosity()
    bars = switches.is_progress_bar_enabled()
    switches.set_verbosity_error()
    switches.disable_progress_bar()
    try:
        yield
    finally:
        switches.set_verbosity(level)
        if bars:
            switches.enable_progress_bar()


@contextlib.contextmanager
def _without_the_readers_bar() -> Iterator[None]:
    """The GGUF reader draws a bar of its own that no switch of transformers takes away. Standard error is left alone:
    other threads write to it.
    """
    from transformers import modeling_gguf_pytorch_utils as reader

    module: Any = reader
    drawn = module.tqdm
    module.tqdm = lambda tensors, **_: tensors
    try:
        yield
    finally:
        module.tqdm = drawn
