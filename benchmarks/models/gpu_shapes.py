"""Models of real shapes with random weights, made on the spot: speed does not depend on what the weights say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TEMPLATE = (
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """The figures of a Qwen3 configuration. `tied`: the embedding table is the last layer, too."""

    layers: int
    hidden: int
    inner: int
    heads: int
    key_heads: int
    head: int
    vocabulary: int
    tied: bool


SHAPES = {
    "tiny": Shape(2, 64, 128, 4, 2, 16, 1024, True),
    "4b": Shape(36, 2560, 9728, 32, 8, 128, 151_936, True),
    "8b": Shape(36, 4096, 12_288, 32, 8, 128, 151_936, False),
}


def build(name: str, folder: Path, device: str) -> Path:
    """Save a model of that shape in bf16, with a tokenizer of one token a byte and a name for every other one."""
    import torch
    from transformers import AutoModelForCausalLM, Qwen3Config

    shape = SHAPES[name]
    config = Qwen3Config(
        num_hidden_layers=shape.layers,
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_heads,
        head_dim=shape.head,
        vocab_size=shape.vocabulary,
        tie_word_embeddings=shape.tied,
        max_position_embeddings=8192,
        bos_token_id=None,
        eos_token_id=None,  # so that every text is as long as was asked
        pad_token_id=0,
    )
    torch.manual_seed(0)
    with torch.device(device):
        model: Any = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    _save_tokenizer(folder, shape.vocabulary)
    return folder


def weight_bytes(model: Any) -> int:
    """What each new token has to read: all weights, but for a table of which it reads one line."""
    table = model.get_input_embeddings().weight
    tied = model.get_output_embeddings().weight is table
    total = sum(one.numel() * one.element_size() for one in model.parameters())
    return int(total if tied else total - table.numel() * table.element_size())


def _save_tokenizer(folder: Path, size: int) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    signs = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {text: index for index, text in enumerate([*signs, *(f"Ġw{index}" for index in range(256, size))])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": signs[0], "chat_template": _TEMPLATE}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
