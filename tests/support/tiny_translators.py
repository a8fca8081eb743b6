"""Small models that translate into several languages, trained on the spot in the real layouts: M2M100, NLLB, MADLAD.

They know two sentences by heart, from English into Chinese and German: the target's token decides which they write.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SENTENCES = [{"zh": "你好。", "en": "Hello.", "de": "Hallo."}, {"zh": "谢谢。", "en": "Thank you.", "de": "Danke."}]
TARGETS = ("zh", "de")
_NLLB_CODES = {"zh": "zho_Hans", "en": "eng_Latn", "de": "deu_Latn"}


def build_tiny_m2m100(folder: Path) -> Path:
    """Train and save an M2M100 model with the hundred languages' tokens."""
    from transformers import M2M100Tokenizer

    pieces = _train_pieces(folder, "sentencepiece.bpe")
    words = ["<s>", "<pad>", "</s>", "<unk>", *pieces]
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}), encoding="utf-8")
    tokenizer = M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "sentencepiece.bpe.model"))
    return _train_m2m(folder, tokenizer, {language: language for language in SENTENCES[0]})


def build_tiny_nllb(folder: Path) -> Path:
    """Train and save an NLLB model with its languages' tokens."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import NllbTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    letters = sorted({letter for row in SENTENCES for text in row.values() for letter in text if letter != " "})
    words = {word: i for i, word in enumerate(["<s>", "<pad>", "</s>", "<unk>", "▁", *letters])}
    raw = Tokenizer(models.BPE(words, [], unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Metaspace()
    raw.save(str(folder / "tokenizer.json"))
    tokenizer = NllbTokenizer(vocab=words, merges=[])
    return _train_m2m(folder, tokenizer, _NLLB_CODES)


def build_tiny_madlad(folder: Path) -> Path:
    """Train and save a T5 model that is told the target language by a token before the text, as MADLAD is."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration, T5Tokenizer

    marks = [f"<2{language}>" for language in SENTENCES[0]]
    pieces = [(piece, 0.0) for piece in ("<pad>", "</s>", "<unk>", *marks)]
    pieces += [(piece, -float(at)) for at, piece in enumerate(_train_pieces(folder, "spiece"))]
    (folder / "spiece.model").unlink()  # transformers would need protobuf to read it
    tokenizer: Any = T5Tokenizer(vocab=pieces, extra_ids=0, additional_special_tokens=marks)
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(tokenizer), d_model=64, d_kv=16, d_ff=128, num_layers=1, num_heads=4, dropout_rate=0.0,
        decoder_start_token_id=0, pad_token_id=0, eos_token_id=1, tie_word_embeddings=False,
    )  # fmt: skip
    model = T5ForConditionalGeneration(config)
    sources = [f"<2{target}> {row['en']}" for target in TARGETS for row in SENTENCES]
    targets = [row[target] for target in TARGETS for row in SENTENCES]
    batch = tokenizer(sources, text_target=targets, return_tensors="pt", padding=True)
    batch["labels"][batch["labels"] == 0] = -100
    return _train(folder, model, batch, tokenizer)


def _train_pieces(folder: Path, name: str) -> list[str]:
    import sentencepiece as spm

    folder.mkdir(parents=True, exist_ok=True)
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter([text for row in SENTENCES for text in row.values()] * 20),
        model_prefix=str(folder / name), vocab_size=60, hard_vocab_limit=False, character_coverage=1.0, minloglevel=2,
    )  # fmt: skip
    (folder / f"{name}.vocab").unlink()
    model = spm.SentencePieceProcessor(model_file=str(folder / f"{name}.model"))
    return [model.id_to_piece(i) for i in range(3, model.get_piece_size())]


def _train_m2m(folder: Path, tokenizer: Any, codes: dict[str, str]) -> Path:
    import torch
    from torch.nn.utils.rnn import pad_sequence
    from transformers import M2M100Config, M2M100ForConditionalGeneration

    torch.manual_seed(0)
    highest = max(tokenizer.convert_tokens_to_ids(token) for token in [*tokenizer.get_vocab(), "<pad>"])
    batches = []
    for target in TARGETS:
        tokenizer.src_lang, tokenizer.tgt_lang = codes["en"], codes[target]
        texts, wanted = [row["en"] for row in SENTENCES], [row[target] for row in SENTENCES]
        batch = tokenizer(texts, text_target=wanted, return_tensors="pt", padding=True)
        highest = max(highest, int(batch["input_ids"].max()), int(batch["labels"].max()))
        batches.append(batch)
    config = M2M100Config(
        vocab_size=highest + 1, d_model=64, encoder_layers=1, decoder_layers=1, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=128, decoder_ffn_dim=128, max_position_embeddings=64, dropout=0.0,
        attention_dropout=0.0, encoder_layerdrop=0.0, decoder_layerdrop=0.0,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    pad = tokenizer.pad_token_id
    batch = {
        name: pad_sequence([row for one in batches for row in one[name]], batch_first=True, padding_value=filler)
        for name, filler in (("input_ids", pad), ("attention_mask", 0), ("labels", pad))
    }
    batch["labels"][batch["labels"] == pad] = -100
    return _train(folder, M2M100ForConditionalGeneration(config), batch, tokenizer)


def _train(folder: Path, model: Any, batch: Any, tokenizer: Any, steps: int = 150) -> Path:
    import torch

    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for so little, threads only wait for each other
    for _ in range(steps):
        optimiser.zero_grad()
        model(**batch).loss.backward()
        optimiser.step()
    torch.set_num_threads(threads)
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
