"""Memory of conversations in which nothing goes on: it should not grow with how many people have ever talked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from benchmarks.turns.line import parley
from benchmarks.turns.measures import at_once

TOGETHER = 50  # conversations that talk at the same time
WARM = 500  # conversations after which pools and caches are filled


async def measure(folder: Path, conversations: int) -> dict[str, Any]:
    """One turn in each of so many new conversations; megabytes that the process has grown by."""
    async with parley(folder) as line:
        started = line.memory()
        for _ in range(WARM // TOGETHER):
            await at_once(line, [line.place() for _ in range(TOGETHER)])
        warm = line.memory()
        for _ in range(conversations // TOGETHER):
            await at_once(line, [line.place() for _ in range(TOGETHER)])
            line.forget_calls()
        await asyncio.sleep(2.0)
        grown = line.memory() - warm
    return {
        "conversations": conversations,
        "megabytes_started": round(started, 1),
        "megabytes_warm": round(warm, 1),
        "megabytes_grown": round(grown, 1),
        "kilobytes_a_conversation": round(1000 * grown / conversations, 2),
        "megabytes_per_10000": round(grown * 10_000 / conversations, 1),
    }
