"""From a kill to the answer: one question is on its way when the process dies, and another is started at once."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.turns.line import FreshUrl, Line, parley, serve, start

TIMES = 5


async def measure(folder: Path, urls: Mapping[str, FreshUrl], rounds: int) -> dict[str, Any]:
    """Seconds, the start of Python and its imports included."""
    found: dict[str, Any] = {}
    for database, fresh in urls.items():
        home, url = folder / database, fresh()
        home.mkdir()
        async with AsyncExitStack() as stack, parley(home, url) as line:
            await line.ask(line.place())
            times = [await _once(stack, line, home, url) for _ in range(TIMES * rounds // 3 or 1)]
        found[database] = {
            name: {"median": round(median(values), 2), "most": round(max(values), 2)}
            for name, values in zip(("to_ready", "to_answer"), zip(*times, strict=True), strict=True)
        }
    return found


async def _once(stack: AsyncExitStack, line: Line, home: Path, url: str) -> tuple[float, float]:
    asking = asyncio.create_task(line.ask(line.place()))
    await line.server.until(
        lambda: not line.server.world.updates.pending, within=30
    )  # it was confirmed, and so is kept
    began = time.perf_counter()
    line.processes[-1].send_signal(signal.SIGKILL)
    await line.processes[-1].wait()
    if asking.done():  # it was faster than the kill: asked again, while nobody is there
        asking = asyncio.create_task(line.ask(line.place()))
        await asyncio.sleep(0)
    await start(stack, line, *serve(line, home, url, 0, "serve"))
    ready = time.perf_counter() - began
    await asking
    return ready, time.perf_counter() - began
