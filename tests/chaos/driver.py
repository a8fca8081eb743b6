"""One run: people talk, processes die, and in the end the checker looks at what stands on the platforms."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.checker import MOST_EXAMPLES, Finding
from tests.chaos.crowd import Crowd
from tests.chaos.disasters import Operator
from tests.chaos.plan import Database, Plan, Site
from tests.chaos.process import nursery
from tests.chaos.script import MARK
from tests.chaos.stage import Stage, stage

QUIET = 3.0  # seconds without a new message, after which nothing is on its way


@dataclass(slots=True)
class Result:
    """What came of a run."""

    finding: Finding
    kills: int
    seconds: float
    done: dict[str, int]
    points: dict[str, int]
    log: Path
    calls: int
    rows: list[str]

    @property
    def line(self) -> str:
        return self.finding.line(self.kills, self.seconds)

    def to_json(self) -> dict[str, Any]:
        """For `benchmarks/results`."""
        found = self.finding
        names = ("turns", "lost", "doubled", "out_of_order", "cut", "strange", "in_doubt", "unheard")
        return {
            **{name: getattr(found, name) for name in names},
            "kills": self.kills,
            "seconds": round(self.seconds, 1),
            "calls": self.calls,
            "done": dict(sorted(self.done.items())),
            "killed_at": dict(sorted(self.points.items())),
            "examples": found.examples,
        }


async def run(plan: Plan, database: Database, folder: Path, tell: Callable[[str], None] = lambda line: None) -> Result:
    """Do what the plan says, with the processes' files in `folder`."""
    began = time.monotonic()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it tells of each connection that a kill has cut
    draw = random.Random(plan.seed)
    async with stage(plan.people, draw, plan.limits) as platforms:
        site = Site(folder, plan, database, platforms.telegram, platforms.discord)
        async with nursery(folder / "nursery.log") as nest:
            operator = Operator(platforms, site, nest, draw)
            crowd = Crowd(platforms, plan, lambda asked: asked < plan.turns * (operator.kills + 3) / (plan.kills + 2))
            telling = asyncio.create_task(_progress(plan, crowd, operator, tell))
            try:
                await operator.open()
                await crowd.greet()
                await _break(plan, crowd, operator, random.Random(plan.seed + 1))
                finding = await _settled(plan, crowd, platforms, site)
                rows = _looked_up(finding, platforms, site)
            finally:
                telling.cancel()
                await operator.close()
    seconds, done, points = time.monotonic() - began, dict(operator.done), dict(operator.points)
    return Result(finding, operator.kills, seconds, done, points, site.log, platforms.watch.calls, rows)


def _looked_up(finding: Finding, platforms: Stage, site: Site) -> list[str]:
    """What stands there of each faulty question, in order, and what the rows say of it."""
    found = []
    for number in finding.faulty[:MOST_EXAMPLES]:
        shown = [
            f"{marks[0]}-{marks[-1]}{' growing' * bubble.growing}"
            for talk in platforms.talks(set())
            for bubble in talk.shown
            if (marks := [each[2] for each in MARK.finditer(bubble.text) if int(each[1]) == number])
        ]
        found += [f"question {number}: sentences {', '.join(shown)}", *site.rows_of(number)]
    return found


async def _break(plan: Plan, crowd: Crowd, operator: Operator, draw: random.Random) -> None:
    """People talk; meanwhile processes die and troubles come, until all is asked and every kill is done."""
    talking = asyncio.create_task(crowd.talk())
    troubling = asyncio.create_task(_troubles(operator, draw)) if plan.kills else None
    try:
        while operator.kills < plan.kills:
            await operator.ended_and_started()
        await talking
    finally:
        tasks = [talking, *([troubling] if troubling else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _troubles(operator: Operator, draw: random.Random) -> None:
    while True:
        await asyncio.sleep(draw.uniform(0.2, 2.0))
        await asyncio.shield(operator.trouble())  # one that was begun is ended, or it would never be


async def _settled(plan: Plan, crowd: Crowd, platforms: Stage, site: Site) -> Finding:
    """The last process has all the calm it wants: what is not there then is lost."""
    loop = asyncio.get_running_loop()
    until = loop.time() + plan.patience
    await crowd.answered(plan.patience - QUIET)
    while True:
        while loop.time() - platforms.watch.last < QUIET and loop.time() < until:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.2)
        finding = Finding()
        noted = await asyncio.to_thread(site.doubted)
        for talk in platforms.talks(noted):
            finding.add(talk)
        if not finding.faults or loop.time() >= until:
            return finding
        await asyncio.sleep(1.0)


async def _progress(plan: Plan, crowd: Crowd, operator: Operator, tell: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(10)
        tell(f"asked {crowd.asked}/{plan.turns}, waiting {crowd.unanswered}, kills {operator.kills}/{plan.kills}")
