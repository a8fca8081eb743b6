"""The encoder against sentence-transformers' default: query latency, passages a second, and the cosine to fp32.

python -m benchmarks.models.embed MODELS_DIR [--rounds 9] [--threads 2]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.models.harness import interleaved, ratio, save, seconds, summary, surroundings, table
from models.catalogue import Task, resolve
from models.encoders.layout import read_layout
from models.encoders.transformer_encoder import TransformerEncoder
from models.weights import find

Embed = Callable[[list[str]], Any]

PEER = "sentence-transformers"
QUERY = "How long does it take until a parcel arrives?"
SENTENCE = (
    "a parcel that was ordered before noon leaves the store on the same day and reaches most addresses within three "
    "days while large pieces of furniture take up to two weeks because two people bring them"
)
KINDS = {"mixed": (5, 100), "equal": (61, 62)}
"""Passages by their number of words: of many lengths, and all alike, where sorting and padding play no part."""


def passages(count: int, words: tuple[int, int] = KINDS["mixed"]) -> list[str]:
    """Make passages, the same each time. Nearly each word is one token."""
    random = np.random.default_rng(0)
    return [" ".join(random.choice(SENTENCE.split(), random.integers(*words))) for _ in range(count)]


def peer(folder: Path) -> Embed:
    """Give sentence-transformers as it comes: fp32, batches of 32, sorted by length."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return lambda texts: model.encode(texts, show_progress_bar=False, normalize_embeddings=True)


def measure(variants: dict[str, Embed], texts: Sequence[str], rounds: int) -> dict[str, Any]:
    """Measure passages a second and the lowest cosine to the peer, which computes in fp32."""
    exact = variants[PEER](list(texts))
    figures = interleaved(
        {name: lambda run=run: len(texts) / seconds(lambda: run(list(texts))) for name, run in variants.items()}, rounds
    )
    return {
        name: {
            "passages_per_s": summary(values),
            "ratio": ratio(values, figures[PEER]),
            "lowest_cosine_to_fp32": float((variants[name](list(texts)) * exact).sum(1).min()),
        }
        for name, values in figures.items()
    }


def measure_query(variants: dict[str, Embed], rounds: int) -> dict[str, Any]:
    """Measure one query, ten times a round."""

    def each(run: Embed) -> float:
        return seconds(lambda: [run([QUERY]) for _ in range(10)]) / 10

    figures = interleaved({name: lambda run=run: each(run) for name, run in variants.items()}, rounds)
    return {name: {"query_s": summary(v), "ratio": ratio(v, figures[PEER])} for name, v in figures.items()}


def main() -> None:
    """Measure, print a table, and write the result.

    Where other programs want the processor, several threads suffer more than one does: --threads 1 tells that apart.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models_dir", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--passages", type=int, default=48)
    parser.add_argument("--name", default="embed", help="of the result's file")
    options = parser.parse_args()
    folder = find(resolve("all-minilm-l6-v2", Task.EMBED), options.models_dir)
    variants: dict[str, Embed] = {PEER: peer(folder)}
    for dtype in ("auto", "float32"):
        encoder = TransformerEncoder(folder, device="cpu", dtype=dtype, threads=options.threads)
        variants[f"ours, {dtype}"] = encoder.embed
    tokenizer = read_layout(folder).load_tokenizer()
    result: dict[str, Any] = {
        "what": f"all-MiniLM-L6-v2; one query; {options.passages} passages",
        "on": {**surroundings(options.threads, "sentence-transformers"), "load_at_start": os.getloadavg()[0]},
        "query": measure_query(variants, options.rounds * 2),
    }
    for kind, words in KINDS.items():
        texts = passages(options.passages, words)
        result[kind] = {
            "mean_tokens": float(np.mean([len(one.ids) for one in tokenizer.encode_batch(texts)])),
            **measure(variants, texts, options.rounds),
        }
    print(table(rows_of(result, list(variants))))
    print("written to", save(options.name, result).name)


def rows_of(result: dict[str, Any], names: Sequence[str]) -> list[list[str]]:
    """Give the table's rows: medians, the ratios to the peer with their spread, the lowest cosine."""

    def spread(of: dict[str, float]) -> str:
        return f"{of['median']:.2f} ({of['lowest']:.2f} to {of['highest']:.2f})"

    rows = [["variant", "query ms", "ratio", *(x for kind in KINDS for x in (f"{kind}/s", "ratio", "cosine"))]]
    for name in names:
        query = result["query"][name]
        row = [name, f"{1e3 * query['query_s']['median']:.1f}", spread(query["ratio"])]
        for kind in KINDS:
            bulk = result[kind][name]
            row += [f"{bulk['passages_per_s']['median']:.0f}", spread(bulk["ratio"])]
            row.append(f"{bulk['lowest_cosine_to_fp32']:.5f}")
        rows.append(row)
    return rows


if __name__ == "__main__":
    main()
