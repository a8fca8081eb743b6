"""Turns a second, while many people ask again as soon as they have their answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.turns.line import FreshUrl, Line, parley, peer
from benchmarks.turns.measures import a_second

PEOPLE, EACH = 50, 10
WORKERS = (0, 1, 2, 4)


async def measure(folder: Path, urls: Mapping[str, FreshUrl], rounds: int) -> dict[str, Any]:
    """`workers` 0: the process that serves answers too."""
    found: dict[str, Any] = {"people": PEOPLE, "turns": PEOPLE * EACH}
    async with peer() as line:
        found["echo handler, keeps nothing"] = await _rate(line, rounds)
        print(found, flush=True)
    for database, fresh in urls.items():
        for workers in WORKERS if database == "postgresql" else (0,):
            home = folder / f"{database}-{workers}"
            home.mkdir()
            async with parley(home, fresh(), workers) as line:
                found[f"{database}, {workers} workers"] = await _rate(line, rounds)
                print(database, workers, found[f"{database}, {workers} workers"], flush=True)
    return found


async def _rate(line: Line, rounds: int) -> dict[str, float]:
    places = [line.place() for _ in range(PEOPLE)]
    await a_second(line, places, 1)
    rates = sorted([await a_second(line, places, EACH) for _ in range(rounds)])
    return {"turns_a_second": round(median(rates), 1), "least": round(rates[0], 1), "most": round(rates[-1], 1)}
