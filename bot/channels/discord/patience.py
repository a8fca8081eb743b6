"""Waiting for a database that is busy or away: Discord sends a message once, so it is not let go at the first error."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay
from tenacity.wait import wait_random_exponential

from bot.errors import StorageError

T = TypeVar("T")

LONGEST = 120.0  # seconds; what is lost then is caught up from Discord's history at the next start


async def persistently(call: Callable[[], Awaitable[T]]) -> T:
    """Give the call's result, trying again while storage fails. Raises StorageError when patience is over."""
    trying = AsyncRetrying(
        retry=retry_if_exception_type(StorageError),
        wait=wait_random_exponential(multiplier=0.25, max=10),
        stop=stop_after_delay(LONGEST),
        sleep=asyncio.sleep,
        reraise=True,
    )

    async def attempt() -> T:
        return await call()

    return await trying(attempt)
