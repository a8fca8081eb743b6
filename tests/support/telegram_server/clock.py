"""Time and waiting, by the event loop's clock alone, so that a loop whose time runs compressed works."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Clock:
    """Loop time for every limit, and dates for messages.

    Dates are whole seconds since 1970: those of ``dates`` where given, else the day's time at the first
    question, moved on by loop time.
    """

    def __init__(self, dates: Callable[[], float] | None = None) -> None:
        self._dates = dates
        self._base: float | None = None

    def now(self) -> float:
        """Loop time, in seconds."""
        return asyncio.get_running_loop().time()

    def date(self) -> int:
        """The date that a message written now carries, in seconds."""
        if self._dates is not None:
            return int(self._dates())
        if self._base is None:
            self._base = time.time() - self.now()
        return int(self._base + self.now())


class Bell:
    """Rung whenever something happened; waiters look again at what they wait for."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Wake everyone who waits."""
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def next(self, within: float | None = None) -> bool:
        """Wait for the next ring, or for so many seconds of loop time; whether it rang."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            async with asyncio.timeout(within):
                await future
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(future)
        return True

    async def until(self, holds: Callable[[], T], within: float | None = 10.0, what: str = "what was waited for") -> T:
        """Wait until ``holds()`` is true, looking again at each ring; its value.

        Raises:
            TimeoutError: it was not within ``within`` seconds of loop time.
        """
        loop = asyncio.get_running_loop()
        deadline = None if within is None else loop.time() + within
        while not (value := holds()):
            left = None if deadline is None else deadline - loop.time()
            if left is not None and left <= 0:
                raise TimeoutError(f"Not within {within} s of loop time: {what}.")
            await self.next(left)
        return value
