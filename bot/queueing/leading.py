"""Who may run a channel: one process at a time, and another takes over within seconds when it is gone.

Telegram gives its updates to one poller, and Discord's gateway to one client of each shard; on SQLite one process
delivers. The lock is one that the system frees by itself when its holder dies, not one with a time in it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from bot.domain import Channel
from bot.errors import StorageError

log = logging.getLogger(__name__)

TRY_EVERY = 1.0  # seconds


class Lock(Protocol):
    """A lock among processes."""

    async def acquire(self) -> bool:
        """Whether it is ours now. Raises StorageError where that cannot be told."""
        ...

    async def lost(self) -> None:
        """Until it is ours no more, for ever perhaps."""
        ...

    async def release(self) -> None: ...


class FileLead:
    """A lock on one machine: the system frees it when the process ends, however it does."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(path)

    async def acquire(self) -> bool:
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        except OSError as error:
            raise StorageError(f"The file {self._lock.lock_file} cannot be locked ({error.strerror}).") from None
        return True

    async def lost(self) -> None:
        await asyncio.Event().wait()

    async def release(self) -> None:
        self._lock.release()


class Runner(Protocol):
    """A channel that can be run (`bot.serving.Runner`)."""

    channel: Channel

    async def run(self, ready: Callable[[], None]) -> None: ...


class Led:
    """A channel that runs only while this process leads. `tell` is given a line where another leads, or takes over."""

    def __init__(self, runner: Runner, lock: Lock, tell: Callable[[str], None]) -> None:
        self.channel = runner.channel
        self._runner = runner
        self._lock = lock
        self._tell = tell

    async def run(self, ready: Callable[[], None]) -> None:
        """Until cancelled. Raises what the runner raises."""
        while True:
            await self._elected()
            try:
                if await self._lead(ready):
                    return
            finally:
                await self._lock.release()
            self._tell(f"{self.channel}: another process takes over, since the database could not be reached.")

    async def _elected(self) -> None:
        told = False
        while True:
            try:
                if await self._lock.acquire():
                    return
            except StorageError as error:
                log.warning("%s: %s", self.channel, error)
            else:
                if not told:
                    self._tell(f"{self.channel}: another process runs it; this one stands by.")
                    told = True
            await asyncio.sleep(TRY_EVERY)

    async def _lead(self, ready: Callable[[], None]) -> bool:
        """Whether the runner ended by itself."""
        running = asyncio.ensure_future(self._runner.run(ready))
        lost = asyncio.ensure_future(self._lock.lost())
        try:
            await asyncio.wait({running, lost}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
                return True
            return False
        finally:
            for task in (running, lost):
                task.cancel()
            await asyncio.gather(running, lost, return_exceptions=True)
