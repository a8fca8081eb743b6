"""An event loop whose time runs faster than the clock's, for hours of talk in minutes.

Whatever reckons with the loop's time (sleeps, timeouts, limiters, aiohttp, anyio) is compressed alike, the servers in
the same process included. Work itself takes its real time, so it looks `speed` times slower: keep the speed below the
point where the processor is the limit.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _ShortenedSelector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]  # chosen by the platform
    """Waits `speed` times less than it is asked to."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None) -> Any:
        return super().select(timeout / self._speed if timeout and timeout > 0 else timeout)


class CompressedLoop(asyncio.SelectorEventLoop):
    """`time()` runs `speed` times as fast as the clock."""

    def __init__(self, speed: float) -> None:
        super().__init__(_ShortenedSelector(speed))
        self.speed = speed
        self._began = time.monotonic()

    def time(self) -> float:
        began = getattr(self, "_began", None)  # the base class asks before ours is set
        now = time.monotonic()
        return now if began is None else began + (now - began) * self.speed


def run_compressed(work: Coroutine[Any, Any, T], speed: float) -> T:
    """Run a coroutine to its end in such a loop."""
    with asyncio.Runner(loop_factory=lambda: CompressedLoop(speed)) as runner:
        return runner.run(work)
