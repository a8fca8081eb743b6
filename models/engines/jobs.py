"""Work for an engine's own thread, and the way its results come back to the asker's event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Job(Generic[T]):
    """Results for whoever asked. Made in the asker's loop; the engine's thread delivers."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._results: asyncio.Queue[T | _Failure] = asyncio.Queue()

    def deliver(self, result: T) -> None:
        """Hand over a result, from any thread."""
        self._put(result)

    def fail(self, error: Exception) -> None:
        """Let `next` raise."""
        self._put(_Failure(error))

    async def next(self) -> T:
        """Wait for the next result."""
        result = await self._results.get()
        if isinstance(result, _Failure):
            raise result.error
        return result

    def _put(self, result: T | _Failure) -> None:
        try:
            self._loop.call_soon_threadsafe(self._results.put_nowait, result)
        except RuntimeError:  # the asker's loop is closed
            self.cancelled.set()


class _Failure:
    def __init__(self, error: Exception) -> None:
        self.error = error
