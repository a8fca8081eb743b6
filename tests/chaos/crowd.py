"""The people: they ask, and now and then change their mind, each place at its own times."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from itertools import count

from tests.chaos import script
from tests.chaos.checker import Asked, Fate
from tests.chaos.plan import Plan
from tests.chaos.stage import Spot, Stage

UNANSWERED = 3  # questions in one place
GIVEN_UP = 120.0  # seconds after which people ask on; sooner, the next to press Stop would stop this one's answer


class Crowd:
    """Everybody's talking. `may_ask` holds them back, so that the kills are spread over all of the run."""

    def __init__(self, stage: Stage, plan: Plan, may_ask: Callable[[int], bool]) -> None:
        self._stage = stage
        self._plan = plan
        self._may_ask = may_ask
        self._numbers = count(1)
        self.asked = 0
        self._open: set[int] = set()

    @property
    def unanswered(self) -> int:
        """How many questions wait that are to be answered for sure."""
        self._open -= self._stage.watch.ended
        return len(self._open)

    async def greet(self) -> None:
        """Everybody asks one question, before anything goes wrong: Discord tells a bot that was away of no talk that
        it was never part of.
        """
        for spot in self._stage.spots[: self._plan.turns]:
            await self._ask(spot)
        await self.answered(self._plan.patience)

    async def talk(self) -> None:
        """Ask until all turns are asked."""
        await asyncio.gather(
            *(self._go_on(spot, random.Random(f"{self._plan.seed} {spot.name}")) for spot in self._stage.spots)
        )

    async def answered(self, within: float) -> bool:
        """Wait until every question has its answer; False where that takes longer."""
        until = _now() + within
        while self.unanswered and _now() < until:  # noqa: ASYNC110 - it is looked at, nobody tells
            await asyncio.sleep(0.1)
        return not self.unanswered

    async def _go_on(self, spot: Spot, draw: random.Random) -> None:
        mine: list[int] = []
        await asyncio.sleep(draw.uniform(0, self._plan.ask_every))
        while self.asked < self._plan.turns:
            mine = [number for number in mine if number not in self._stage.watch.ended]
            room = self.unanswered < self._plan.waiting and self._may_ask(self.asked)
            if not room or len(mine) >= UNANSWERED:
                await asyncio.sleep(0.1)
                continue
            chance = draw.random()
            if chance < 0.04 and not mine:
                await self._change_mind(spot, draw)
            else:
                mine.append((await self._ask(spot)).number)
            await asyncio.sleep(draw.expovariate(1 / self._plan.ask_every))

    async def _ask(self, spot: Spot, text: str = "") -> Asked:
        number = next(self._numbers)
        asked = Asked(number)
        self.asked += 1
        self._stage.asked.setdefault(spot.name, []).append(asked)
        self._open.add(number)
        self._message = await spot.say(text or script.question(number))
        return asked

    async def _change_mind(self, spot: Spot, draw: random.Random) -> None:
        """Ask, and soon after edit, delete or stop it; then wait until nothing more can come of it."""
        asked = await self._ask(spot)
        message = self._message
        await asyncio.sleep(draw.uniform(0, 1))
        fates = [Fate.EDITED, Fate.STOPPED, *([Fate.DELETED] if spot.tells_of_deletion else [])]
        asked.fate = draw.choice(fates)
        self._open.discard(asked.number)
        if asked.fate is Fate.EDITED:
            asked.becomes = next(self._numbers)
            await spot.edit(message, script.question(asked.becomes))
        elif asked.fate is Fate.DELETED:
            await spot.delete(message)
        else:
            await spot.stop()
        until = _now() + (GIVEN_UP if asked.fate is Fate.EDITED else 3.0)
        while _now() < until and not {asked.number, asked.becomes} & self._stage.watch.ended:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


def _now() -> float:
    return asyncio.get_running_loop().time()
