"""A thing to be measured, in a process of its own.

Threads of two pools in one process disturb each other even while one is idle: where all of them are more than the
cores, GNU OpenMP lets them sleep between two operations, and each takes a third longer.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any


class Aside:
    """What `make(*given)` gives, made in another process. `make` must be importable."""

    def __init__(self, make: Callable[..., Any], *given: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, make, given), daemon=True)
        self._process.start()
        theirs.close()
        self._line.recv()  # it is made

    def call(self, name: str, *given: Any) -> tuple[Any, float]:
        """Call a method; gives what it gives, and the processor's seconds of all threads."""
        self._line.send((name, given))
        found: tuple[Any, float] = self._line.recv()  # EOFError where it failed: it has printed why
        return found

    def close(self) -> None:
        """End the process."""
        self._line.send(None)
        self._process.join()


def _serve(line: Connection, make: Callable[..., Any], given: tuple[Any, ...]) -> None:
    made = make(*given)
    line.send(None)
    while (asked := line.recv()) is not None:
        start = time.process_time()
        found = getattr(made, asked[0])(*asked[1])
        line.send((found, time.process_time() - start))
