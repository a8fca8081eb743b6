"""One answer after the other, and for each of its messages and edits a process that dies at just that call.

The call arrives and nobody learns so, or it never arrives. Either way the next process brings the answer to its end.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.chaos import script
from tests.chaos.checker import Asked, Finding, Talk
from tests.chaos.disasters import Operator
from tests.chaos.plan import Database, Plan, Site
from tests.chaos.process import AVAILABLE, nursery
from tests.chaos.stage import Spot, Stage, stage

PATIENCE = 20.0
MOST = 6  # calls of one answer
LENGTH = range(2200, 5000)  # characters: several messages, not too many edits
WRITING = frozenset({"sendMessage", "editMessageText", "POST message", "PATCH message"})

pytestmark = [
    pytest.mark.skipif(not AVAILABLE, reason="processes are watched by pidfd, which Linux alone has"),
    pytest.mark.timeout(300),
]


class Bench:
    """A process between the platforms, and one place."""

    def __init__(self, platforms: Stage, operator: Operator, spot: Spot) -> None:
        self.platforms = platforms
        self.operator = operator
        self.spot = spot
        self.asked = self.platforms.asked.setdefault(spot.name, [])

    async def ask(self, number: int) -> None:
        self.asked.append(Asked(number))
        await self.spot.say(script.question(number))

    async def ends(self, number: int) -> bool:
        """Wait until the answer's end was shown."""
        clock = asyncio.get_running_loop().time
        until = clock() + PATIENCE
        while number not in self.platforms.watch.ended and clock() < until:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
        return number in self.platforms.watch.ended

    async def finding(self) -> Finding:
        """What the checker says, once nothing has changed for a moment."""
        loop, finding = asyncio.get_running_loop(), Finding()
        until = loop.time() + PATIENCE
        while loop.time() < until:
            finding = Finding()
            finding.add(Talk(self.spot.name, self.asked, self.spot.bubbles(), self._doubtful()))
            if not finding.faults and loop.time() - self.platforms.watch.last > 0.5:
                break
            await asyncio.sleep(0.1)
        return finding

    def _doubtful(self) -> set[int]:
        return set() if self.spot.tells_of_deletion else self.platforms.watch.doubtful  # Discord has nonces


@pytest.mark.parametrize("arrives", [True, False], ids=["it arrives", "it never arrives"])
@pytest.mark.parametrize("kind", ["private", "dm"])
async def test_killed_at_each_call(tmp_path: Path, kind: str, arrives: bool) -> None:
    numbers = (n for n in range(1, 10_000) if script.is_written(n) and len(script.answer(n)) in LENGTH)
    plan = Plan(turns=0, people=12, kills=0, seed=1, pause=0.002)
    async with stage(plan.people, random.Random(1), limits=False) as platforms:
        site = Site(tmp_path, plan, Database("sqlite"), platforms.telegram, platforms.discord)
        spot = next(each for each in platforms.spots if each.name.startswith(kind))
        async with nursery(tmp_path / "nursery.log") as nest:
            operator = Operator(platforms, site, nest, random.Random(1))
            bench = Bench(platforms, operator, spot)
            await operator.start()
            assert await operator.ready()
            await bench.ask(greeting := next(numbers))
            assert await bench.ends(greeting)
            for call in range(MOST):
                number = next(numbers)
                striking = asyncio.create_task(
                    operator.strike(lambda _, method: method in WRITING, call, arrives, within=PATIENCE)
                )
                await asyncio.sleep(0)
                await bench.ask(number)
                ending = asyncio.create_task(bench.ends(number))
                await asyncio.wait({striking, ending}, return_when=asyncio.FIRST_COMPLETED)
                if ending.done() and not striking.done():
                    await asyncio.wait({striking}, timeout=1.0)  # the last edit may be yet to come
                if not striking.done():  # it has fewer calls than that
                    striking.cancel()
                    break
                await operator.start()
                await ending
                finding = await bench.finding()
                assert finding.faults == 0, (call, finding.examples)
            assert operator.kills > 1
            await operator.close()
