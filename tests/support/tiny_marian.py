"""A small Marian model that is trained on the spot, in the real layout: it knows a few sentences by heart."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path

PAIRS = [
    ("你好。", "Hello."),
    ("今天天气很好。", "The weather is fine today."),
    ("我想退货。", "I want to return this."),
    ("谢谢！", "Thank you!"),
]


def build_tiny_marian(folder: Path, pairs: Sequence[tuple[str, str]] = PAIRS, *, steps: int = 120) -> Path:
    """Train and save a Chinese to English Marian model (64 dimensions, one layer each side)."""
    import sentencepiece as spm
    import torch
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    pieces: set[str] = set()
    for name, texts in (("source", [a for a, _ in pairs]), ("target", [b for _, b in pairs])):
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(texts * 20),
            model_prefix=str(folder / name),
            vocab_size=60,
            hard_vocab_limit=False,
            character_coverage=1.0,
            minloglevel=2,
        )
        (folder / f"{name}.model").rename(folder / f"{name}.spm")
        (folder / f"{name}.vocab").unlink()
        model = spm.SentencePieceProcessor(model_file=str(folder / f"{name}.spm"))
        pieces.update(model.id_to_piece(i) for i in range(model.get_piece_size()))
    words = ["</s>", "<unk>", *sorted(pieces - {"</s>", "<unk>", "<s>", "<pad>"}), "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}), encoding="utf-8")
    files = [str(folder / name) for name in ("source.spm", "target.spm", "vocab.json")]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        tokenizer = MarianTokenizer(*files, source_lang="zho", target_lang="eng")
    pad = words.index("<pad>")
    torch.manual_seed(0)
    config = MarianConfig(
        vocab_size=len(words), d_model=64, encoder_layers=1, decoder_layers=1, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=128, decoder_ffn_dim=128, max_position_embeddings=64, dropout=0.0,
        pad_token_id=pad, eos_token_id=0, decoder_start_token_id=pad, forced_eos_token_id=0, scale_embedding=True,
        num_beams=2, max_length=64,
    )  # fmt: skip
    marian = MarianMTModel(config)
    batch = tokenizer([a for a, _ in pairs], text_target=[b for _, b in pairs], return_tensors="pt", padding=True)
    batch["labels"][batch["labels"] == pad] = -100
    optimiser = torch.optim.AdamW(marian.parameters(), lr=3e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        marian(**batch).loss.backward()
        optimiser.step()
    marian.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
