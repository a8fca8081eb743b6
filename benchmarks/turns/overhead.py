"""Intake to first send, the model excluded: what Parley adds to the bare handler, at 1, 50 and 500 conversations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.turns.line import Line, parley, peer
from benchmarks.turns.measures import at_once, one_after_the_other, quantiles, ratio, steadily

EACH_SECOND = 15.0
TIMES = 150

Asking = Callable[[Line, list[Any]], Awaitable[list[float]]]


async def measure(folder: Path, rounds: int, database_url: str = "") -> dict[str, Any]:
    """Both are up all the time, and are asked in turns, so that the machine's moods are shared."""
    found: dict[str, Any] = {}
    async with parley(folder, database_url) as ours, peer() as theirs:
        for conversations in (1, 50, 500):
            places = {line: [line.place() for _ in range(conversations)] for line in (ours, theirs)}
            for line, those in places.items():  # everybody has talked before
                await steadily(line, those, conversations, 50.0)
            ways: dict[str, Asking] = {"steady": _steady}
            if conversations == 1:
                ways = {"one after the other": lambda line, those: one_after_the_other(line, those[0], TIMES)}
            else:
                ways["all at once"] = at_once
            for way, ask in ways.items():
                mine: list[list[float]] = []
                yours: list[list[float]] = []
                for _ in range(rounds):
                    mine.append(await ask(ours, places[ours]))
                    yours.append(await ask(theirs, places[theirs]))
                    for line in (ours, theirs):
                        line.forget_calls()
                found[f"{conversations}, {way}"] = _compared(mine, yours)
    return found


async def _steady(line: Line, places: list[Any]) -> list[float]:
    return await steadily(line, places, TIMES, EACH_SECOND)


def _compared(mine: list[list[float]], yours: list[list[float]]) -> dict[str, Any]:
    ours, theirs = [quantiles(each) for each in mine], [quantiles(each) for each in yours]
    whole = {"parley_ms": quantiles([*chain(*mine)]), "echo_ms": quantiles([*chain(*yours)])}
    ratios = {name: ratio([q[name] for q in ours], [q[name] for q in theirs]) for name in ("p50", "p99")}
    added = {name: round(whole["parley_ms"][name] - whole["echo_ms"][name], 2) for name in ("p50", "p99")}
    return {**whole, "added_ms": added, "ratio": ratios}
