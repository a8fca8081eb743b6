"""Measures vector search: FAISS in the process against pgvector, into benchmarks/results/retrieval-vectors.json.

    python -m benchmarks.retrieval.vectors --database postgresql+psycopg://… [--texts FILE --model FOLDER]

The database must be empty, on a server with pgvector. Vectors have 384 dimensions: clusters of very different sizes
from a seed, and, if a file of texts (one a line) is named, their real embeddings. Each query asks for 100 passages, as
the product does; recall is that of the first 10 and of all 100 against an exact search in 32 bits. Rounds alternate.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, text

from benchmarks.results import save
from bot.storage import migrate, vectors
from bot.storage.sql import SqlStorage
from retrieval.fusion import DEPTH
from retrieval.index.flat import HALF_FROM, DenseIndex
from retrieval.types import Document, DocumentKind, Passage, PassageRole

if TYPE_CHECKING:
    from retrieval.ports import VectorIndex, Vectors

DIMENSION = 384
QUERIES = 200
ROUNDS = 5
SIZES = (10_000, 100_000)
CANDIDATES = (100, 200, 400)  # hnsw.ef_search; the product's is among them
PER_DOCUMENT = 1000


def clustered(count: int, seed: int) -> Vectors:
    """Rows of length 1 around 500 centres of very different weight, as subjects in a knowledge base have."""
    import numpy as np

    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((500, DIMENSION), dtype=np.float32)
    weights = 1 / np.arange(1, 501)
    chosen = random.choice(500, count, p=weights / weights.sum())
    rows = centres[chosen] + 0.8 * random.standard_normal((count, DIMENSION), dtype=np.float32)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def embedded(file: Path, model: Path) -> Vectors:
    """A row for each line of a file, without repeats, in an order from a seed."""
    import numpy as np

    from models.encoders.transformer_encoder import TransformerEncoder

    texts = sorted({line.strip() for line in file.read_text("utf-8").splitlines() if line.strip()})
    np.random.default_rng(0).shuffle(texts)
    encoder = TransformerEncoder(model, name="measured", languages={"en"}, threads=2)
    return np.concatenate([encoder.embed(texts[i : i + 256]) for i in range(0, len(texts), 256)])


def names(count: int) -> list[str]:
    return [f"d{number // PER_DOCUMENT}#{number % PER_DOCUMENT}" for number in range(count)]


def stored(storage: SqlStorage, name: str, rows: Vectors) -> tuple[VectorIndex, dict[str, float]]:
    """The rows in the database, then their index; gives it with the seconds that each took."""
    storage.knowledge.remove([document.id for document in storage.knowledge.documents()])
    with storage.knowledge._engines.write.begin() as connection:  # the index of an earlier run, which building leaves
        connection.execute(text("DROP TABLE IF EXISTS indexed_vectors"))
    index = storage.knowledge.shared_vectors(name, DIMENSION)
    assert index is not None, "the server has no pgvector"
    start = time.perf_counter()
    for first in range(0, len(rows), PER_DOCUMENT):
        some, key = rows[first : first + PER_DOCUMENT], f"d{first // PER_DOCUMENT}"
        document = Document(key, DocumentKind.ARTICLE, key, "text", "en", key, "0" * 64)
        pieces = [Passage(f"{key}#{n}", key, n, PassageRole.TEXT, "text", 0, 4, "en") for n in range(len(some))]
        storage.knowledge.put([(document, pieces, some)], name)
    kept = time.perf_counter() - start
    start = time.perf_counter()
    index.catch_up()
    return index, {"store_s": kept, "build_s": time.perf_counter() - start}


def found(index: VectorIndex, queries: Vectors) -> tuple[list[list[str]], float]:
    """What each query finds, and the median milliseconds."""
    ids, times = [], []
    for query in queries:
        start = time.perf_counter()
        hits = index.search(query, DEPTH)
        times.append((time.perf_counter() - start) * 1000)
        ids.append([key for key, _ in hits])
    return ids, median(times)


def recall(ids: Sequence[Sequence[str]], exact: Sequence[Sequence[str]], k: int) -> float:
    return sum(len(set(a[:k]) & set(b[:k])) for a, b in zip(ids, exact, strict=True)) / (k * len(exact))


def compare(storage: SqlStorage, name: str, rows: Vectors, queries: Vectors) -> dict[str, Any]:
    exact_index = DenseIndex(DIMENSION)
    exact_index.add(names(len(rows)), rows)
    exact, _ = found(exact_index, queries)
    ours: VectorIndex = exact_index
    if len(rows) >= HALF_FROM:
        ours = DenseIndex(DIMENSION, half=True)
        ours.add(names(len(rows)), rows)
    shared, built = stored(storage, name, rows)
    ways: dict[str, Callable[[], tuple[list[list[str]], float]]] = {"faiss": lambda: found(ours, queries)}
    for candidates in CANDIDATES:
        ways[f"pgvector, {candidates} candidates"] = lambda n=candidates: _searching(shared, queries, n)
    results: dict[str, Any] = {}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, run in ways.items():
            ids, ms = run()
            times[way].append(ms)
            results[way] = {"recall@10": recall(ids, exact, 10), "recall@100": recall(ids, exact, DEPTH)}
    for way, row in results.items():
        row["ms_a_query"] = median(times[way])
        row["ms_spread"] = [min(times[way]), max(times[way])]
        row["times_faiss"] = median(times[way]) / median(times["faiss"])
    some = [key for ids in exact[:1] for key in ids] * 2
    start = time.perf_counter()
    for query in queries[:50]:
        shared.cosines(query, some)
    return {"vectors": len(rows), **built, "cosines_of_200_ms": (time.perf_counter() - start) * 20, "search": results}


def _searching(index: VectorIndex, queries: Vectors, candidates: int) -> tuple[list[list[str]], float]:
    before, vectors.CANDIDATES = vectors.CANDIDATES, candidates
    try:
        return found(index, queries)
    finally:
        vectors.CANDIDATES = before


def server(url: str) -> dict[str, str]:
    shown = ("server_version", "shared_buffers", "maintenance_work_mem")
    engine = create_engine(url)
    with engine.begin() as connection:
        known = {name: connection.scalar(text(f"SHOW {name}")) for name in shown}
        known["pgvector"] = connection.scalar(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'"))
    engine.dispose()
    return known


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--database", required=True)
    options.add_argument("--texts", type=Path)
    options.add_argument("--model", type=Path)
    options.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    options.add_argument("--dry", action="store_true")
    chosen = options.parse_args()
    migrate.upgrade(chosen.database)
    storage = SqlStorage(chosen.database)
    sets = {f"clusters {size}": (clustered(size, 1), clustered(QUERIES, 2)) for size in chosen.sizes}
    if chosen.texts:
        rows = embedded(chosen.texts, chosen.model)
        sets[f"texts {len(rows) - QUERIES}"] = (rows[QUERIES:], rows[:QUERIES])
    results = {}
    for name, (rows, queries) in sets.items():
        results[name] = compare(storage, name, rows, queries)
        print(name, {key: value for key, value in results[name].items() if key != "search"}, flush=True)
        for way, row in results[name]["search"].items():
            print(f"  {way:<28}" + " ".join(f"{k} {v}" for k, v in row.items()), flush=True)
    storage.close()
    if not chosen.dry:
        note = "medians of alternating rounds on a machine that was busy: trust the ratios"
        save(
            "retrieval-vectors",
            {"what": note, "load": list(os.getloadavg()), "server": server(chosen.database), "sets": results},
        )


if __name__ == "__main__":
    main()
