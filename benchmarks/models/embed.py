"""Query latency and passages a second of the encoder against a plain transformers pass in fp32, with the cosine to it.

python -m benchmarks.models.embed MODELS_DIR [--rounds 5] [--threads 2]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.models.harness import interleaved, ratio, save, seconds, summary, surroundings, table
from models.catalogue import Task, resolve
from models.encoders.transformer_encoder import TransformerEncoder
from models.weights import find

QUERY = "How long does it take until a parcel arrives?"
SENTENCE = (
    "a parcel that was ordered before noon leaves the store on the same day and reaches most addresses within three "
    "days while large pieces of furniture take up to two weeks because two people bring them"
)


def passages(count: int) -> list[str]:
    """Make passages of 5 to 100 words, the same each time."""
    random = np.random.default_rng(0)
    return [" ".join(random.choice(SENTENCE.split(), random.integers(5, 100))) for _ in range(count)]


def plain_encoder(folder: Path) -> Any:
    """Give transformers' own way: AutoTokenizer, AutoModel in fp32, batches of 32 in the order given, mean pooling."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

    def embed(texts: Sequence[str]) -> Any:
        rows = []
        for start in range(0, len(texts), 32):
            batch = tokenizer(
                list(texts[start : start + 32]), padding=True, truncation=True, max_length=256, return_tensors="pt"
            )
            with torch.inference_mode():
                states = model(**batch).last_hidden_state
            weights = batch["attention_mask"].unsqueeze(-1).float()
            rows.append(torch.nn.functional.normalize((states * weights).sum(1) / weights.sum(1), dim=-1))
        return torch.cat(rows).numpy()

    return embed


def main() -> None:
    """Measure, print a table, and write benchmarks/results/embed.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models_dir", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--passages", type=int, default=96)
    options = parser.parse_args()
    folder = find(resolve("all-minilm-l6-v2", Task.EMBED), options.models_dir)
    ours = TransformerEncoder(folder, device="cpu", threads=options.threads)
    ours.warm()
    plain, texts = plain_encoder(folder), passages(options.passages)
    lowest = float((ours.embed(texts) * plain(texts)).sum(1).min())
    query = interleaved(
        {
            "ours": lambda: seconds(lambda: [ours.embed([QUERY], "query") for _ in range(5)]) / 5,
            "transformers fp32": lambda: seconds(lambda: [plain([QUERY]) for _ in range(5)]) / 5,
        },
        options.rounds * 2,
    )
    bulk = interleaved(
        {
            "ours": lambda: len(texts) / seconds(lambda: ours.embed(texts)),
            "transformers fp32": lambda: len(texts) / seconds(lambda: plain(texts)),
        },
        options.rounds,
    )
    result = {
        "what": f"all-MiniLM-L6-v2, one query; {len(texts)} passages of 5 to 100 words",
        "on": surroundings(options.threads),
        "lowest_cosine_to_fp32": lowest,
        "query_s": {name: summary(values) for name, values in query.items()},
        "passages_per_s": {name: summary(values) for name, values in bulk.items()},
        "query_ratio": ratio(query["ours"], query["transformers fp32"]),
        "passages_ratio": ratio(bulk["ours"], bulk["transformers fp32"]),
    }
    rows = [["variant", "query ms", "passages/s"]]
    for name in query:
        rows.append([name, f"{1e3 * summary(query[name])['median']:.1f}", f"{summary(bulk[name])['median']:.0f}"])
    print(table(rows))
    print({key: result[key] for key in ("lowest_cosine_to_fp32", "query_ratio", "passages_ratio")})
    print("written to", save("embed", result).name)


if __name__ == "__main__":
    main()
