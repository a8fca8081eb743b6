"""What is done to the processes, the database, the clock and the platforms, while people talk."""

from __future__ import annotations

import asyncio
import math
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot import faults
from tests.chaos.plan import Site
from tests.chaos.process import Nursery, Process
from tests.chaos.stage import Stage

DOUBT = 5.0  # seconds before a kill in which a message may have been sent, and not yet been noted on a busy machine
KEEPING = 10.0  # seconds after a trouble of the database in which what was sent may still wait to be noted
STOPPING = 20.0  # seconds for a graceful end
FILES = 4096  # bytes: nothing fits on the disk any more
STRIKE_AT = (
    *(("telegram", method) for method in ("sendMessage", "editMessageText", "getUpdates", "sendMessageDraft")),
    *(("discord", method) for method in ("POST message", "PATCH message", "POST", "GET")),
)


@dataclass(slots=True)
class Slot:
    """A process that is to run, and the one that runs."""

    role: str
    process: Process | None = None


class Operator:
    """Keeps the processes running, and ends one after the other in every way there is. `kills` counts the SIGKILLs.

    What is done is done to the process of the slot `at`.
    """

    def __init__(self, stage: Stage, site: Site, nursery: Nursery, draw: random.Random) -> None:
        self._stage = stage
        self._site = site
        self._nursery = nursery
        self._draw = draw
        plan = site.plan
        self._slots = [*(Slot("serve") for _ in range(plan.serves)), *(Slot("worker") for _ in range(plan.workers))]
        self._at = self._slots[0]
        self._trouble_since: float | None = None  # of the last trouble of the database
        self._trouble_ended = 0.0
        self.kills = 0
        self.done: Counter[str] = Counter()
        self.points: Counter[str] = Counter()

    @property
    def process(self) -> Process:
        assert self._at.process is not None, "it was started"
        return self._at.process

    async def open(self) -> None:
        """Start them all, and wait until both platforms are served."""
        for slot in self._slots:
            self._at = slot
            await self.start()
        serving = [slot.process for slot in self._slots if slot.process and slot.role == "serve"]
        for words in ("telegram: ready", "discord: ready"):
            waiting = [asyncio.create_task(process.says(words)) for process in serving]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()

    async def close(self) -> None:
        """Stop them all."""
        for slot in self._slots:
            self._at = slot
            if slot.process is not None:
                await self.stopped()

    async def start(self, die_at: tuple[str, int] | None = None) -> None:
        """Start a process; it may not be ready yet."""
        alone = len(self._slots) == 1
        webhook = alone and self.done.total() > 0 and self._draw.random() < 0.3  # two would want the same port
        self._at.process = await self._nursery.start(self._site.config(self._at.role, webhook, die_at))

    async def ready(self) -> bool:
        """Wait until it answers on both platforms, or others have had the time to; False where it ended before."""
        if self._at.role == "worker":
            return await self.process.says("worker: ready")
        if self._site.plan.serves == 1:
            return await self.process.says("telegram: ready") and await self.process.says("discord: ready")
        await asyncio.sleep(self._draw.uniform(0, 2))
        return not self.process.ended.is_set()

    async def kill(self) -> None:
        """SIGKILL, at once; and wait until it is gone."""
        at = _now()
        if self.process.send(signal.SIGKILL):
            self.kills += 1
        await self.process.gone()
        self._died(at)

    def _died(self, at: float) -> None:
        troubled = self._trouble_since is not None and at - self._trouble_ended < KEEPING
        since = min(at, self._trouble_since) if troubled and self._trouble_since is not None else at
        self._stage.watch.doubt(since - DOUBT, _now() + DOUBT)

    async def ended_and_started(self) -> None:
        """End the process in one of the ways, by lot, and start it again."""
        ways: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (4, self.killed_at_any_time),
            (5, self.killed_at_a_call),
            (5, self.killed_at_a_point),
            (2, self.killed_while_starting),
            (1, self.stopped),
            (2, self.killed_while_stopping),
            (1, self.stopped_twice),
        ]
        way = self._draw.choices([way for _, way in ways], [weight for weight, _ in ways])[0]
        self.done[way.__name__] += 1
        self._at = self._draw.choice(self._slots)
        await self.ready()
        await asyncio.sleep(self._draw.uniform(0, 1.5))
        await way()
        await self.start()

    async def killed_at_any_time(self) -> None:
        await asyncio.sleep(self._draw.uniform(0, 1.5))
        await self.kill()

    async def killed_at_a_call(self) -> None:
        """Killed at a certain call, which takes effect all the same, or else never arrives."""
        platform, method = self._draw.choice(STRIKE_AT)
        arrives, skip = self._draw.random() < 0.7, self._draw.randrange(6)
        if not await self.strike(lambda *call: call == (platform, method), skip, arrives, within=3.0):
            await self.kill()  # nothing of that kind is going on

    async def strike(self, fits: Callable[[str, str], bool], skip: int, arrives: bool, within: float) -> bool:
        """Kill the process at the call that fits, after so many others that do; False if none comes in time."""
        struck = asyncio.Event()

        def strike(platform: str, method: str) -> bool:
            nonlocal skip
            if struck.is_set() or not fits(platform, method):
                return False
            skip -= 1
            if skip >= 0:
                return False
            self.process.send(signal.SIGKILL)
            struck.set()
            return not arrives

        self._stage.watch.strike = strike
        try:
            async with asyncio.timeout(within):
                await struck.wait()
        except TimeoutError:
            return False
        finally:
            self._stage.watch.strike = lambda platform, method: False
        self.kills += 1
        at = _now()
        await self.process.gone()
        self._died(at)
        return True

    async def killed_at_a_point(self) -> None:
        """Started anew, so that it kills itself between two statements: before or after a commit, or a call."""
        await self.stopped()
        point, times = self._draw.choice(faults.points()), self._draw.randint(1, 12)
        await self.start((point, times))
        try:
            await self.process.gone(within=4.0)
        except TimeoutError:  # nobody did what leads there
            await self.kill()
            return
        self.kills += 1
        self.points[point] += 1
        self._died(_now())

    async def killed_while_starting(self) -> None:
        await self.kill()
        await self.start()
        await asyncio.sleep(self._draw.uniform(0, 0.8))
        await self.kill()

    async def stopped(self) -> None:
        """As by `docker stop`, and at last as that does it."""
        at = _now()
        self.process.send(signal.SIGTERM)
        try:
            await self.process.gone(STOPPING)
        except TimeoutError:
            self.done["did not stop in time"] += 1
            await self.kill()
        self._died(at)

    async def killed_while_stopping(self) -> None:
        self.process.send(signal.SIGTERM)
        await asyncio.sleep(self._draw.uniform(0, 1.0))
        await self.kill()

    async def stopped_twice(self) -> None:
        at = _now()
        self.process.send(signal.SIGTERM)
        await asyncio.sleep(self._draw.uniform(0, 0.5))
        self.process.send(signal.SIGTERM)
        try:
            await self.process.gone(5.0)
        except TimeoutError:
            self.done["did not end at once"] += 1
            await self.kill()
        self._died(at)

    # What happens around it, while it runs or is down.

    async def trouble(self) -> None:
        """One trouble, by lot, and its end."""
        troubles = [self.storm, self.storm, self.discord_breaks, self.telegram_away, self.told_again, self.clock_jumps]
        troubles += [self.disk_full] if not self._site.database.url else [self.database_restarted, self.database_cut]
        trouble = self._draw.choice(troubles)
        self.done[trouble.__name__] += 1
        await trouble()

    async def storm(self) -> None:
        name = self._draw.choice(("cut_before", "cut_after", "error_before", "error_after", "flood", "slow"))
        self.done[name] += 1
        await self._stage.sky.storm(name, self._draw.uniform(0.5, 2.5), self._draw.uniform(0.1, 0.5))

    async def discord_breaks(self) -> None:
        """The gateway's connections end, in one of Discord's ways."""
        discord = self._stage.discord
        self._draw.choice(
            [
                lambda: discord.drop_gateway(resumable=True),
                lambda: discord.drop_gateway(resumable=False),
                discord.asks_reconnect,
                lambda: discord.invalidates_session(resumable=False),
            ]
        )()
        await asyncio.sleep(self._draw.uniform(0, 1.0))

    async def telegram_away(self) -> None:
        await self._stage.telegram.stop()
        await asyncio.sleep(self._draw.uniform(0.1, 1.5))
        await self._stage.telegram.start()

    async def told_again(self) -> None:
        """For a while Telegram gives updates twice and, of different chats, in another order."""
        self._stage.telling_again = True
        await asyncio.sleep(self._draw.uniform(0.5, 2.0))
        self._stage.telling_again = False

    async def disk_full(self) -> None:
        self._trouble_since, self._trouble_ended = _now(), math.inf
        limited = self.process
        limited.limit_files(FILES)
        await asyncio.sleep(self._draw.uniform(0.2, 1.5))
        limited.limit_files(None)
        self._trouble_ended = _now()

    async def database_restarted(self) -> None:
        await self._in_thread(self._site.database.restart)

    async def database_cut(self) -> None:
        await self._in_thread(self._site.database.cut)

    async def _in_thread(self, work: Callable[[], None] | None) -> None:
        if work is not None:
            self._trouble_since, self._trouble_ended = _now(), math.inf
            await asyncio.to_thread(work)
            self._trouble_ended = _now()

    async def clock_jumps(self) -> None:
        self._site.clock.jump(self._draw.choice((-600, -60, 60, 600)))
        await asyncio.sleep(self._draw.uniform(0.2, 2.0))
        self._site.clock.jump(0)


def _now() -> float:
    return asyncio.get_running_loop().time()
