"""What processes tell one another about turns while they work on them: by PostgreSQL's NOTIFY, or in one process.

What is told may be lost, where the database is away; all that must not be lost is in the tables.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from typing import Any, Protocol

from bot.queueing.jobs import Jobs

log = logging.getLogger(__name__)

CHANNEL = "parley_turns"

Hear = Callable[[dict[str, Any]], None]


class Bus(Protocol):
    """Every process hears what any of them tells, itself too."""

    async def tell(self, message: dict[str, Any]) -> None: ...

    def hear(self, hear: Hear) -> Callable[[], None]:
        """Hear all messages from now on; gives what ends that."""
        ...


class Hearers:
    """Those who hear."""

    def __init__(self) -> None:
        self._hearers: list[Hear] = []

    def hear(self, hear: Hear) -> Callable[[], None]:
        self._hearers.append(hear)
        return lambda: self._hearers.remove(hear)

    def pass_on(self, message: dict[str, Any]) -> None:
        for hear in list(self._hearers):
            hear(message)


class MemoryBus(Hearers):
    """`Bus` within one process."""

    async def tell(self, message: dict[str, Any]) -> None:
        asyncio.get_running_loop().call_soon(self.pass_on, message)


class PostgresBus(Hearers):
    """`Bus` over NOTIFY. `run` must be running for anything to be heard."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs

    async def tell(self, message: dict[str, Any]) -> None:
        await self._jobs.notify(CHANNEL, json.dumps(message, ensure_ascii=True, separators=(",", ":")))

    async def run(self) -> None:
        """Until cancelled."""
        await self._jobs.listen(CHANNEL, self._heard)

    def _heard(self, payload: str) -> None:
        try:
            message = json.loads(payload)
        except ValueError:
            log.warning("another process told something that is no JSON")
            return
        if isinstance(message, dict):
            self.pass_on(message)
