"""Measures SQL storage against the async driver, and writes benchmarks/results/storage.json.

    python -m benchmarks.storage.run [--messages 100000] [--turns 400]

Needs `pip install aiosqlite greenlet`. Rounds alternate between the two, and the median round is told. A turn is one
transaction that reaches the disk: the redelivery check, the turn, its message and the conversation's counters.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from sqlalchemy import insert

from benchmarks.results import save
from benchmarks.storage.peers import Aiosqlite, Peer, Threads
from bot.domain import Channel, Turn, User
from bot.ports import UnitOfWork
from bot.storage import migrate
from bot.storage.engine import open_engines
from bot.storage.tables import conversations, messages, turns, users

CONVERSATIONS = 500
TASKS = 8
HISTORY = 20
READS = 500
ROUNDS = 3
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PEERS: dict[str, Callable[[str], Peer]] = {"threads": Threads, "aiosqlite": Aiosqlite}


def fill(url: str, count: int) -> None:
    """A database with `count` messages in CONVERSATIONS conversations, one a turn."""
    names = [f"web:{number}" for number in range(CONVERSATIONS)]
    engines = open_engines(url)
    with engines.write.begin() as connection:
        connection.execute(insert(users).values(id=1, channel="web", external_id="1", display_name=""))
        common: dict[str, Any] = {"channel": "web", "created_at": NOW, "updated_at": NOW, "title": "t"}
        connection.execute(insert(conversations), [{"id": name, **common, "messages": 0} for name in names])
        kept = {"channel": "web", "bot": "", "user_id": 1, "text": "", "state": "answered", "reason": ""}
        connection.execute(
            insert(turns),
            [
                {"id": n + 1, "update_id": f"old{n}", "conversation_id": names[n % CONVERSATIONS], "received_at": NOW}
                | kept
                for n in range(count)
            ],
        )
        said = {"role": "user", "text": "How long does it take? " * 4, "language": "en", "skill": "", "details": {}}
        connection.execute(
            insert(messages),
            [
                {"turn_id": n + 1, "conversation_id": names[n % CONVERSATIONS], "created_at": NOW} | said
                for n in range(count)
            ],
        )
    engines.dispose()


def accepting(update: str, number: int) -> Callable[[UnitOfWork], object]:
    turn = Turn(Channel.WEB, f"web:{number % CONVERSATIONS}", 1, "How long does it take? " * 4, update, NOW)
    return lambda work: work.turns.accept(turn)


def reading(number: int) -> Callable[[UnitOfWork], object]:
    return lambda work: work.conversations.history(f"web:{number * 7 % CONVERSATIONS}", HISTORY)


async def spread(tasks: int, count: int, one: Callable[[int], Any]) -> tuple[float, list[float]]:
    """Run `one` for 0 … count - 1 in so many tasks; gives the seconds in all and the milliseconds of each."""
    numbers = iter(range(count))
    each: list[float] = []

    async def worker() -> None:
        for number in numbers:
            start = time.perf_counter()
            await one(number)
            each.append((time.perf_counter() - start) * 1000)

    start = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(tasks)))
    return time.perf_counter() - start, each


async def measure(peer: Peer, mark: str, turn_count: int) -> dict[str, float]:
    """One round of one peer."""
    await peer.run(lambda work: work.users.ensure(User(Channel.WEB, "1")))
    await peer.read(reading(0))
    alone, _ = await spread(1, turn_count // 3, lambda n: peer.run(accepting(f"{mark}a{n}", n)))
    together, _ = await spread(TASKS, turn_count, lambda n: peer.run(accepting(f"{mark}b{n}", n)))
    _, one = await spread(1, READS, lambda n: peer.read(reading(n)))
    _, eight = await spread(TASKS, READS, lambda n: peer.read(reading(n)))
    await peer.stop()
    return {
        "turns_per_s_1_task": turn_count // 3 / alone,
        "turns_per_s_8_tasks": turn_count / together,
        "history_ms_1_task": median(one),
        "history_p95_ms_1_task": quantiles(one, n=20)[-1],
        "history_ms_8_tasks": median(eight),
        "history_p95_ms_8_tasks": quantiles(eight, n=20)[-1],
    }


def compare(url: str, turn_count: int) -> dict[str, dict[str, float]]:
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in PEERS}
    for number in range(ROUNDS):
        for name, make in PEERS.items():
            rounds[name].append(asyncio.run(measure(make(url), f"{name}{number}", turn_count)))
    return {name: {figure: median(row[figure] for row in rows) for figure in rows[0]} for name, rows in rounds.items()}


def table(results: dict[str, dict[str, float]]) -> str:
    """A Markdown table; a ratio above 1 means that threads are better."""
    lines = ["| figure | threads | aiosqlite | threads better by |", "| --- | --- | --- | --- |"]
    for figure, ours in results["threads"].items():
        theirs = results["aiosqlite"][figure]
        ratio = ours / theirs if "per_s" in figure else theirs / ours
        lines.append(f"| {figure} | {ours:.4g} | {theirs:.4g} | {ratio:.2f} |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--messages", type=int, default=100_000)
    options.add_argument("--turns", type=int, default=400)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'parley.db'}"
        migrate.upgrade(url)
        fill(url, chosen.messages)
        results = compare(url, chosen.turns)
    path = save(
        "storage",
        {
            "what": "median of alternating rounds on a machine that may have been busy: trust the ratios",
            "sqlite": sqlite3.sqlite_version,
            "drivers": {name: version(name) for name in ("SQLAlchemy", "aiosqlite")},
            "messages": chosen.messages,
            "turns": chosen.turns,
            "rounds": ROUNDS,
            "load_average": list(os.getloadavg()),
            "results": results,
            "table": table(results).splitlines(),
        },
    )
    print(f"{path.name}:")
    print(table(results))


if __name__ == "__main__":
    main()
