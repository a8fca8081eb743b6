"""What the delivery commits: each commit by its name, and tried again where the database is busy for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from bot import faults
from bot.errors import StorageError
from bot.ports import Storage, UnitOfWork

T = TypeVar("T")

TRIES = (
    6  # with waits of 0.1, 0.2, … 1.6 s: an answer outlives a short trouble, and a long one does not hold up the end
)


async def commit(storage: Storage, name: str, work: Callable[[UnitOfWork], T]) -> T:
    """`storage.run`, once. `name` is one of `bot.faults.COMMITS`. Raises StorageError."""
    faults.reach(f"{name} begins")
    done = await storage.run(work)
    faults.reach(f"{name} ends")
    return done


async def keep(storage: Storage, name: str, work: Callable[[UnitOfWork], T]) -> T:
    """`commit`, tried again while it fails. `work` must do the same a second time. Raises StorageError."""
    trying = AsyncRetrying(
        retry=retry_if_exception_type(StorageError),
        wait=wait_exponential(multiplier=0.1, max=2.0),
        stop=stop_after_attempt(TRIES),
        sleep=asyncio.sleep,
        reraise=True,
    )

    async def attempt() -> T:
        return await commit(storage, name, work)

    return await trying(attempt)
