"""Whether anyone answers: a job that does nothing, and that every worker takes before all others."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from bot.queueing.jobs import Jobs

PING = "ping"
FIRST = 1000  # priority
LOOK_EVERY = 0.1  # seconds


async def answers(url: str, queue: str, within: float) -> bool:
    """Whether a worker of the queue took a job within so many seconds; False also where all of them are busy. `url` is
    one that psycopg takes. Raises StorageError.
    """
    jobs, name = Jobs(url), f"{PING} {uuid4().hex}"
    async with jobs.opened():
        await jobs.put(PING, queue, {}, lock=name, once=name, priority=FIRST)
        clock = asyncio.get_running_loop().time
        until = clock() + within
        while clock() < until:
            if name not in await jobs.names(queue):
                return True
            await asyncio.sleep(LOOK_EVERY)
        return not await jobs.withdraw(name)
