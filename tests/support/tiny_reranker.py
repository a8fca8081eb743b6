"""A small cross-encoder that is trained on the spot: it knows by heart which of a few answers fits which question."""

from __future__ import annotations

import json
from pathlib import Path

ANSWERS = {
    "how do i return a mug": "send it back within thirty days",
    "when do you open": "the shop opens at nine",
    "do you ship to norway": "parcels go there in seven days",
    "怎么退货": "三十天内可以寄回",
}


def build_tiny_reranker(folder: Path, *, classes: int = 1, steps: int = 200) -> Path:
    """Train and save a BERT cross-encoder (2 layers, 32 dimensions) in the real layout."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    split = pre_tokenizers.BertPreTokenizer()
    normal = normalizers.BertNormalizer()
    texts = [*ANSWERS, *ANSWERS.values()]
    found = {word for text in texts for word, _ in split.pre_tokenize_str(normal.normalize_str(text))}
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *sorted(found)]
    raw = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    raw.normalizer, raw.pre_tokenizer = normal, split
    raw.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    folder.mkdir(parents=True, exist_ok=True)
    raw.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "BertTokenizer", "pad_token": "[PAD]", "unk_token": "[UNK]", "model_max_length": 64}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="[PAD]", unk_token="[UNK]")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=64, num_labels=classes, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    model = BertForSequenceClassification(config)
    pairs = [(question, answer) for question in ANSWERS for answer in ANSWERS.values()]
    batch = tokenizer([q for q, _ in pairs], [a for _, a in pairs], return_tensors="pt", padding=True)
    right = torch.tensor([float(ANSWERS[question] == answer) for question, answer in pairs])
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for so little, threads only wait for each other
    for _ in range(steps):
        optimiser.zero_grad()
        logits = model(**batch).logits
        score = logits[:, 0] if classes == 1 else logits[:, -1] - logits[:, 0]
        torch.nn.functional.binary_cross_entropy_with_logits(score, right).backward()
        optimiser.step()
    torch.set_num_threads(threads)
    model.eval().save_pretrained(folder)
    return folder
