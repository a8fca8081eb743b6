"""An event loop whose time does not pass, but jumps: an hour of waiting takes no time, and every run is the same.

Work for threads is done at once, in the loop's own thread, so nothing happens at a time of its own.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(selectors.BaseSelector):
    """A selector that, where nothing is ready, lets the loop's time jump instead of waiting."""

    def __init__(self, inner: selectors.BaseSelector) -> None:
        self._inner = inner
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += 1e-9  # or what waits for a rounding error's worth of time would wait for ever
        ready = self._inner.select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("The loop would wait for ever: nothing is due and nothing can come.")
        self.now += timeout
        return []

    def register(self, *args: Any) -> selectors.SelectorKey:
        return self._inner.register(*args)

    def unregister(self, *args: Any) -> selectors.SelectorKey:
        return self._inner.unregister(*args)

    def get_map(self) -> Any:
        return self._inner.get_map()

    def close(self) -> None:
        self._inner.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its `time()` starts at 1000 and moves only when nothing else is to be done."""

    def __init__(self) -> None:
        self._jumping = _Jumping(selectors.DefaultSelector())
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is the caller's
            future.set_exception(error)
        return future


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time. An error that nobody caught in a callback or task is raised here."""
    broken: list[str] = []
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.get_loop().set_exception_handler(lambda _, context: broken.append(str(context)))
        result = runner.run(main)
    assert not broken, broken
    return result
