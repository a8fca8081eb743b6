"""Several processes of one Parley on a PostgreSQL, each with its own door to the queue, in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.delivery.access import AccessOptions, Gate
from bot.delivery.reception import Reception
from bot.delivery.rules import TurnRules
from bot.domain import Channel, Incoming, Origin, User
from bot.queueing.bus import PostgresBus
from bot.queueing.jobs import Jobs
from bot.queueing.queue import ProcrastinateQueue
from bot.queueing.remote import RemoteConductor
from bot.queueing.worker import Worker
from bot.storage.engine import plain_url
from bot.storage.sql import SqlStorage
from tests.support.channel_harness import ContractSkill
from tests.support.desk import Desk
from tests.support.outlet import MemoryOutlets, Platform

HERE = "telegram:1"


class Many:
    """`serving` and `working` are processes; all see the same platform."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.storage = SqlStorage(url)
        self.platform = Platform()
        self.skills: list[ContractSkill] = []
        self._given = 0

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[tuple[Jobs, PostgresBus]]:
        jobs = Jobs(plain_url(self.url), stop_seconds=0.3)
        yield jobs, PostgresBus(jobs)

    @asynccontextmanager
    async def _hearing(self, jobs: Jobs, bus: PostgresBus) -> AsyncIterator[None]:
        async with jobs.opened():
            hearing = asyncio.create_task(bus.run())
            await asyncio.sleep(0.3)  # until LISTEN was said
            try:
                yield
            finally:
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)

    def _desk(self) -> Desk:
        skill = ContractSkill()
        self.skills.append(skill)
        return Desk([skill], default_skill="echo", storage=self.storage)  # type: ignore[arg-type]

    @asynccontextmanager
    async def serving(self, apart: bool = True, alone: bool = False) -> AsyncIterator[Reception]:
        """A process that takes in and delivers; `apart`: workers write the answers; `alone`: one such at a time."""
        desk = self._desk()
        async with self._connected() as (jobs, bus):
            queue = ProcrastinateQueue(jobs, bus, self.storage, alone={Channel.TELEGRAM} if alone else ())
            conductor = RemoteConductor(jobs, bus, self.storage, desk.conductor) if apart else desk.conductor
            gate = Gate(self.storage, AccessOptions())
            reception = Reception(self.storage, desk.inbox, conductor, desk.texts, desk.languages, gate, queue=queue)
            outlets = MemoryOutlets(self.platform)
            async with self._hearing(jobs, bus):
                reception.open(outlets)
                await reception.resume(outlets)
                try:
                    yield reception
                finally:
                    await reception.aclose(0.5)

    @asynccontextmanager
    async def working(self, rules: TurnRules | None = None) -> AsyncIterator[ContractSkill]:
        """A process that runs the dialogue."""
        desk = self._desk()
        async with self._connected() as (jobs, bus):
            worker = Worker(jobs, bus, self.storage, desk.conductor, desk.texts, desk.languages, rules or TurnRules())
            async with self._hearing(jobs, bus):
                running = asyncio.create_task(worker.run())
                try:
                    yield self.skills[-1]
                finally:
                    running.cancel()
                    await asyncio.gather(running, return_exceptions=True)

    def incoming(self, text: str, where: str = HERE) -> Incoming:
        self._given += 1
        return Incoming(User(Channel.TELEGRAM, "1"), where, text, f"u{self._given}", Origin(), "parley")

    async def until(self, *texts: str, where: str = HERE, within: float = 30.0) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + within
        while self.platform.texts(where) != list(texts):
            assert clock() < end, f"waited for {texts}, saw {self.platform.texts(where)}"
            await asyncio.sleep(0.02)
