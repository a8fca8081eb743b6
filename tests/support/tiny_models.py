"""Tiny models in the real layout, built on the spot: random weights, real tokenizers, real code paths."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TRAINING_TEXTS = [
    "the quick brown fox jumps over the lazy dog",
    "positive negative neutral",
    "你好，世界。今天天气很好！",
    "🙂👍🏽",
]


def build_tiny_llama(folder: Path, *, context: int = 256, seed: int = 0, **changes: Any) -> Path:
    """Save a random Llama (2 layers) with a byte-level tokenizer and a chat template."""
    from transformers import LlamaConfig, LlamaForCausalLM

    return build_tiny_causal(folder, LlamaConfig, LlamaForCausalLM, context=context, seed=seed, **changes)


def build_tiny_causal(
    folder: Path, config_class: Any, model_class: Any, *, context: int = 256, seed: int = 0, **changes: Any
) -> Path:
    """Save a random causal model of any architecture that is configured as Llama is."""
    import torch

    vocabulary = _save_byte_level_tokenizer(folder)
    torch.manual_seed(seed)
    settings: dict[str, Any] = {
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": context,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
        "initializer_range": 0.6,  # wide enough that the next token is not always the same
    }
    model_class(config_class(**(settings | changes))).to(torch.bfloat16).save_pretrained(folder)
    return folder


@contextlib.contextmanager
def peft_on_new_transformers() -> Iterator[None]:
    """peft 0.21 asks for something that transformers 5.23 wants to be rid of."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated")
        yield


def build_tiny_adapter(folder: Path, base: Path, *, seed: int = 0, rank: int = 4, **changes: Any) -> Path:
    """Save a random LoRA adapter for a tiny causal model, as fine-tuning with peft would."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    targets = ["q_proj", "v_proj", "down_proj"]
    settings: dict[str, Any] = {"r": rank, "lora_alpha": 16, "target_modules": targets, "task_type": "CAUSAL_LM"}
    with peft_on_new_transformers():
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), LoraConfig(**(settings | changes)))
    for name, parameter in model.named_parameters():
        if "lora_B" in name:  # peft begins with zeros, which change nothing
            torch.nn.init.normal_(parameter, std=0.5)
    model.save_pretrained(folder)
    return folder


def _save_byte_level_tokenizer(folder: Path) -> int:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TRAINING_TEXTS, trainer)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf-8")
    settings = {"eos_token": "<|im_end|>", "pad_token": "<|im_end|>", "tokenizer_class": "PreTrainedTokenizerFast"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return int(tokenizer.get_vocab_size())


def build_tiny_bert(folder: Path, *, classes: tuple[str, ...] = (), pooling: str = "mean", seed: int = 0) -> Path:
    """Save a random BERT (2 layers, 32 dimensions), as a sentence encoder or, with `classes`, as a classifier."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, BertModel

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "quick", "brown", "fox", "dog", "good", "bad"]
    words += [*"abcdefghijklmnopqrstuvwxyz0123456789.,!?", *(f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")]
    tokenizer = Tokenizer(models.WordPiece({word: index for index, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "BertTokenizer", "pad_token": "[PAD]", "model_max_length": 64}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=64,
        initializer_range=0.4,
    )
    if classes:
        config.id2label = dict(enumerate(classes))
        config.label2id = {label: index for index, label in enumerate(classes)}
        BertForSequenceClassification(config).save_pretrained(folder)
        return folder
    BertModel(config).save_pretrained(folder)
    (folder / "1_Pooling").mkdir(exist_ok=True)
    modes = {f"pooling_mode_{name}": name == f"{pooling}" for name in ("cls_token", "mean_tokens", "lasttoken")}
    modes["pooling_mode_mean_tokens"] = pooling == "mean"
    modes["pooling_mode_cls_token"] = pooling == "cls"
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(modes), encoding="utf-8")
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 16}), encoding="utf-8")
    return folder


def without_tensors(folder: Path, into: Path, pattern: str = "") -> Path:
    """Copy a model folder, but for the tensors whose names match; without a pattern, but for every second one."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(folder, into)
    weights = load_file(into / "model.safetensors")
    gone = [name for name in weights if re.search(pattern, name)] if pattern else sorted(weights)[1::2]
    kept = {name: weight for name, weight in weights.items() if name not in gone}
    save_file(kept, into / "model.safetensors", metadata={"format": "pt"})
    return into
