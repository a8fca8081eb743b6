"""What both benchmarks share: interleaved runs, medians with their spread, and where results go."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results"


def interleaved(variants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Run each variant once a round, so that a busy moment hits all alike; the first round only warms up."""
    figures: dict[str, list[float]] = {name: [] for name in variants}
    for turn in range(rounds + 1):
        for name, run in variants.items():
            value = run()
            if turn:
                figures[name].append(value)
    return figures


def seconds(work: Callable[[], object]) -> float:
    """Give how long a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def summary(values: Sequence[float]) -> dict[str, float]:
    """Give median, lowest and highest."""
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    """Give the ratio round by round, so that both sides of each were measured next to one another."""
    return summary([a / b for a, b in zip(ours, theirs, strict=True)])


def surroundings(threads: int, *peers: str) -> dict[str, Any]:
    """Say on what was measured, without naming the machine. `peers` are packages that it was measured against."""
    import torch

    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": platform.machine(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": threads,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("torch", "transformers", "tokenizers", *peers)},
    }


def save(name: str, result: Mapping[str, Any]) -> Path:
    """Write a result as JSON."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return path


def table(rows: Sequence[Sequence[str]]) -> str:
    """Draw a Markdown table; the first row is its head."""
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
