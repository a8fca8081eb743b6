"""The short run: processes are killed while people talk, and nothing may be lost, doubled, out of order or cut.

`make chaos` runs the same for long. A run that fails names its seed, which draws the same faults again (their instants
are the machine's).
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.__main__ import served
from tests.chaos.driver import Result, run
from tests.chaos.plan import Database, Plan
from tests.chaos.process import AVAILABLE
from tests.support.postgres import Postgres

SHORT: dict[str, Any] = {"turns": 150, "people": 30, "kills": 8, "patience": 60.0, "ask_every": 0.3}

pytestmark = [
    pytest.mark.skipif(not AVAILABLE, reason="processes are watched by pidfd, which Linux alone has"),
    pytest.mark.timeout(300),
]


def seed() -> int:
    return random.SystemRandom().randrange(1_000_000)


def all_is_well(result: Result, plan: Plan) -> None:
    told = f"seed {plan.seed}: {result.line}\n" + "\n".join(result.finding.examples)
    assert result.finding.faults == 0, told
    assert result.finding.turns >= plan.turns, told
    assert result.kills >= plan.kills, told


async def test_nothing_is_lost_or_doubled_on_sqlite(tmp_path: Path) -> None:
    plan = Plan(seed=seed(), **SHORT)
    all_is_well(await run(plan, Database("sqlite"), tmp_path), plan)


@pytest.mark.parametrize("processes", [{}, {"serves": 2, "workers": 2}], ids=["one process", "four processes"])
async def test_nothing_is_lost_or_doubled_on_postgresql(
    tmp_path: Path, postgres: Postgres, postgres_url: str, processes: dict[str, int]
) -> None:
    plan = Plan(seed=seed(), **SHORT, **processes)
    database = served(postgres, postgres_url.rpartition("/")[2].partition("?")[0])
    all_is_well(await run(plan, database, tmp_path), plan)


async def test_the_calm_is_whole(tmp_path: Path) -> None:
    """Without any fault: what the chaos counts are the faults' doing, not the chaos' own."""
    plan = Plan(turns=40, people=20, kills=0, seed=seed(), ask_every=0.2)
    all_is_well(await run(plan, Database("sqlite"), tmp_path), plan)
