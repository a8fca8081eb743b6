"""The long run: `make chaos`, or

    python -m tests.chaos [--turns 10000] [--people 500] [--kills 100] [--database sqlite|postgresql|both] [--seed N]

Prints one line at the end, and ends with 1 where anything was lost, doubled, out of order or cut.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks.results import save
from tests.chaos.driver import run
from tests.chaos.plan import Database, Plan


def main() -> None:
    given = options().parse_args()
    names = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    sys.exit(max(_one(plan_of(given), name, given.save) for name in names))


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Break Parley, and count what is lost.")
    parser.add_argument("--turns", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--serves", type=int, default=1, help="Processes that take in and deliver.")
    parser.add_argument("--workers", type=int, default=0, help="Processes that answer (on PostgreSQL); 0: serve does.")
    parser.add_argument("--patience", type=float, default=120.0, help="Seconds for answers when all faults are over.")
    parser.add_argument("--limits", action="store_true", help="The platforms' published limits hold.")
    parser.add_argument("--save", action="store_true", help="Write the result into benchmarks/results.")
    return parser


def plan_of(given: argparse.Namespace) -> Plan:
    return Plan(
        turns=given.turns,
        people=given.people,
        kills=given.kills,
        seed=given.seed,
        limits=given.limits,
        patience=given.patience,
        ask_every=given.people / 150,
        serves=given.serves,
        workers=given.workers,
    )


def _one(plan: Plan, name: str, keep: bool) -> int:
    print(f"{name}: seed {plan.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="parley-chaos-"))
    with _database(name) as database:
        result = asyncio.run(run(plan, database, folder, lambda line: print(f"{name}: {line}", flush=True)))
    for line in [*result.finding.examples, *result.rows]:
        print(line)
    print(f"{name}: {result.line}")
    if keep:
        several = "-processes" if plan.serves > 1 or plan.workers else ""
        save(f"chaos-{name}{several}", {"plan": asdict(plan), "database": name, **result.to_json()})
    if result.finding.faults:
        print(f"{name}: the processes' log is kept in {result.log}")
        return 1
    shutil.rmtree(folder)
    return 0


@contextmanager
def _database(name: str) -> Iterator[Database]:
    if name == "sqlite":
        yield Database(name)
        return
    from tests.support.postgres import running

    with running() as postgres, postgres.database() as fresh:
        from bot.storage import migrate

        migrate.upgrade(postgres.url_of(fresh))
        yield served(postgres, fresh)


def served(postgres: object, fresh: str) -> Database:
    """A database of a PostgreSQL server, which can be restarted if it is our own."""
    from tests.support.postgres import Postgres

    assert isinstance(postgres, Postgres)
    server = postgres

    def restart() -> None:
        server.stop()
        server.start()

    return Database(
        "postgresql", server.url_of(fresh), restart if server.started else None, lambda: server.disconnect(fresh)
    )


if __name__ == "__main__":
    main()
