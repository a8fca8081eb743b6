"""What is measured of a line. Times are seconds of the wall's clock, given in milliseconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from statistics import median

from benchmarks.turns.line import Line
from tests.support.telegram_server import Place

Quantiles = dict[str, float]


def quantiles(seconds: Sequence[float]) -> Quantiles:
    """p50 and p99 in milliseconds."""
    ordered = sorted(seconds)
    return {
        name: round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }


async def one_after_the_other(line: Line, place: Place, times: int) -> list[float]:
    """One person asks, and asks again when the answer is there."""
    return [await line.ask(place) for _ in range(times)]


async def steadily(line: Line, places: Sequence[Place], times: int, each_second: float) -> list[float]:
    """So many ask each second, one after the other of them all: nobody waits for the one before."""
    asking = []
    began = asyncio.get_running_loop().time()
    for number in range(times):
        await asyncio.sleep(max(0.0, began + number / each_second - asyncio.get_running_loop().time()))
        asking.append(asyncio.create_task(line.ask(places[number % len(places)])))
    return list(await asyncio.gather(*asking))


async def at_once(line: Line, places: Sequence[Place]) -> list[float]:
    """All ask in the same moment."""
    return list(await asyncio.gather(*(line.ask(place) for place in places)))


async def a_second(line: Line, places: Sequence[Place], each: int) -> float:
    """Turns a second while everybody asks again as soon as they have their answer."""
    began = time.perf_counter()
    await asyncio.gather(*(one_after_the_other(line, place, each) for place in places))
    return len(places) * each / (time.perf_counter() - began)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Quantiles:
    """Median and spread of a ratio that was taken in several rounds."""
    found = sorted(a / b for a, b in zip(ours, theirs, strict=True))
    return {"median": round(median(found), 2), "least": round(found[0], 2), "most": round(found[-1], 2)}
