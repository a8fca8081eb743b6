"""What a turn costs beside the model, and what a crash costs.

    python -m benchmarks.turns [overhead throughput idle recovery talk] [--rounds 3] [--no-postgresql] [--save]
    python -m benchmarks.turns table        # puts the saved figures into docs/reference/durability.md

`overhead`: intake to first send against a bare echo handler of python-telegram-bot, on the same fake server.
`throughput`: turns a second on SQLite, and on PostgreSQL with 0 (serve answers), 1, 2 and 4 workers.
`idle`: memory of conversations in which nothing goes on. `recovery`: from a kill to the answer.
`talk`: many hours of talk in compressed time: the event loop's lag, and whether memory grows.
Servers, people, bots and PostgreSQL share one machine: compare figures within one run only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.results import save
from benchmarks.turns import idle, overhead, recovery, table, talk, throughput
from benchmarks.turns.line import FreshUrl

NAMES = ("overhead", "throughput", "idle", "recovery", "talk")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.turns", description="What a turn costs.")
    parser.add_argument("what", nargs="*", choices=[*NAMES, "table", []], default=list(NAMES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--conversations", type=int, default=10_000, help="for idle")
    parser.add_argument("--hours", type=float, default=24.0, help="for talk")
    parser.add_argument("--speed", type=float, default=120.0, help="for talk: how much faster its time runs")
    parser.add_argument("--no-postgresql", action="store_true")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/turns-*.json")
    given = parser.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it tells of each connection that a kill has cut
    if given.what == ["table"]:
        table.write()
        return
    for name in given.what:
        with _databases(name in ("throughput", "recovery", "overhead") and not given.no_postgresql) as urls:
            found = _measured(name, given, urls)
        print(f"{name}: {json.dumps(found, indent=2)}", flush=True)
        if given.save:
            save(f"turns-{name}", found)


def _measured(name: str, given: argparse.Namespace, urls: dict[str, FreshUrl]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="parley-turns-") as home:
        folder = Path(home)
        match name:
            case "overhead":
                return {
                    database: asyncio.run(overhead.measure(_inside(folder, database), given.rounds, fresh()))
                    for database, fresh in urls.items()
                }
            case "throughput":
                return asyncio.run(throughput.measure(folder, urls, given.rounds))
            case "idle":
                return asyncio.run(idle.measure(folder, given.conversations))
            case "recovery":
                return asyncio.run(recovery.measure(folder, urls, given.rounds))
            case _:
                return talk.measure(folder, given.hours, given.speed)


def _inside(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


@contextmanager
def _databases(postgresql: bool) -> Iterator[dict[str, FreshUrl]]:
    """What makes a new, empty database, by kind; an SQLite file is made in the home by itself."""
    if not postgresql:
        yield {"sqlite": lambda: ""}
        return
    from bot.storage import migrate
    from tests.support.postgres import running

    with running() as server, ExitStack() as stack:

        def fresh() -> str:
            url = server.url_of(stack.enter_context(server.database()))
            migrate.upgrade(url)
            return url

        yield {"sqlite": lambda: "", "postgresql": fresh}


if __name__ == "__main__":
    main()
