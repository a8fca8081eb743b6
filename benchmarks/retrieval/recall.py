"""Recall of BM25, dense and fused search on the public sets, and how well confidence tells right answers from wrong.

    python -m benchmarks.retrieval.recall DATA_DIR --model MINILM_FOLDER [--queries 300] [--documents 848]

Without DATA_DIR the folder is taken from PARLEY_EVAL_DATA. Writes benchmarks/results/retrieval-recall.json.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import save
from benchmarks.retrieval.measure import Asked, Cached, ask, auroc
from benchmarks.retrieval.sets import load
from retrieval.calibrate import confidence
from retrieval.chunking import split
from retrieval.evaluate import Question, scores
from retrieval.types import Thresholds

HALVES = {"chosen": False, "held_out": True}  # parameters were chosen on the first; the second is reported


def main(arguments: Sequence[str]) -> None:
    options = parser().parse_args(arguments)
    embedder = Cached.open(Path(options.model), Path(options.vectors))
    sets: dict[str, Any] = {}
    print(f"{'set':<22}{'n':>5}   " + "".join(f"{part:^22}" for part in ("BM25", "dense", "fused")))
    for one in load(Path(options.data), options.queries, options.documents):
        asked = ask(one, embedder)
        halves = {name: [item for item in asked if item.held_out is held] for name, held in HALVES.items()}
        sets[one.name] = {name: measure(half) for name, half in halves.items()}
        sets[one.name]["passages"] = sum(len(split(document)) for document in one.documents)
        row = sets[one.name]["held_out"]
        parts = (row["lexical"], row["dense"], row["fused"])
        cells = "".join(f"  {p['recall@1']:.3f} {p['recall@5']:.3f} {p['mrr@10']:.3f}" for p in parts)
        print(f"{one.name:<22}{row['fused']['n']:>5}  {cells}   " + told(row["confidence"]), flush=True)
    if not options.dry:
        limits = {"queries": options.queries, "documents": options.documents}
        save("retrieval-recall", {"limits": limits, "halves": "chosen on `chosen`, reported: `held_out`", "sets": sets})


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("data", nargs="?", default=os.environ.get("PARLEY_EVAL_DATA"))
    p.add_argument("--model", required=True, help="the folder of all-MiniLM-L6-v2")
    p.add_argument("--queries", type=int, default=300, help="at most so many queries a set")
    p.add_argument("--documents", type=int, default=10**9, help="at most so many passages a set")
    p.add_argument("--vectors", default=str(Path(tempfile.gettempdir()) / "parley-benchmark-vectors.pickle"))
    p.add_argument("--dry", action="store_true", help="write no results")
    return p


def measure(asked: Sequence[Asked]) -> dict[str, Any]:
    inside = [one for one in asked if one.right]
    questions = [Question(one.query.text, one.right) for one in inside]
    ranked = {
        "lexical": [one.lexical for one in inside],
        "dense": [one.dense for one in inside],
        "fused": [[candidate.document_id for candidate in one.found] for one in inside],
    }
    measured: dict[str, Any] = {part: scores(ids, questions) for part, ids in ranked.items()}
    return measured | {"confidence": judge(asked)}


def judge(asked: Sequence[Asked]) -> dict[str, float]:
    """AUROC of in-scope against foreign questions and against those whose documents are left out; curated share."""
    inside = [one for one in asked if one.right and one.found]
    sure = [confidence(one.found[0], one.query) for one in inside]
    left = [confidence(one.without_right[0], one.query) for one in inside if one.without_right]
    foreign = [confidence(one.found[0], one.query) for one in asked if not one.right and one.found]
    curated = [
        one.found[0].document_id in one.right for one, c in zip(inside, sure, strict=True) if c >= Thresholds().curated
    ]
    right = [c for one, c in zip(inside, sure, strict=True) if one.found[0].document_id in one.right]
    wrong = [c for one, c in zip(inside, sure, strict=True) if one.found[0].document_id not in one.right]
    floor = Thresholds().answerable
    return {
        "auroc_foreign": auroc(sure, foreign),
        "auroc_foreign_by_cosine": auroc(
            [one.cosine for one in inside],
            [one.cosine for one in asked if not one.right and one.found],
        ),
        "auroc_left_out": auroc(sure, left),
        "auroc_left_out_by_cosine": auroc(
            [one.found[0].cosine for one in inside],
            [one.without_right[0].cosine for one in inside if one.without_right],
        ),
        "auroc_right": auroc(right, wrong),
        "curated_share": len(curated) / len(inside),
        "curated_right": sum(curated) / len(curated) if curated else float("nan"),
        "kept_above_answerable": sum(c >= floor for c in sure) / len(sure),
        "foreign_above_answerable": sum(c >= floor for c in foreign) / len(foreign) if foreign else float("nan"),
        "foreign_curated": sum(c >= Thresholds().curated for c in foreign) / len(foreign) if foreign else float("nan"),
        "left_out_curated": sum(c >= Thresholds().curated for c in left) / len(left) if left else float("nan"),
    }


def told(judged: dict[str, float]) -> str:
    return (
        f"foreign {judged['auroc_foreign']:.3f} (cos {judged['auroc_foreign_by_cosine']:.3f})"
        f" left-out {judged['auroc_left_out']:.3f} (cos {judged['auroc_left_out_by_cosine']:.3f})"
        f" curated {judged['curated_right']:.3f} of {judged['curated_share']:.2f}"
        f" (foreign {judged['foreign_curated']:.2f}, left-out {judged['left_out_curated']:.2f})"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
