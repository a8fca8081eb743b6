"""The thread of the paged engine, and the box where other threads put what it has to do."""

from __future__ import annotations

import atexit
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from models.engines.paged.failures import gone

Do = Callable[[], None]


class Mailbox:
    """Its thread runs `work`, which calls `next` until the box is `closed` and then empties it with `rest`."""

    def __init__(self, name: str, work: Do) -> None:
        self._name = name
        self._work = work
        self._lock = threading.Lock()
        self._box: queue.SimpleQueue[Do | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    def check_open(self) -> None:
        """Raises EngineFailed after `close`."""
        if self.closed:
            raise gone(self._name)

    @contextmanager
    def held_open(self) -> Iterator[None]:
        """Leave something for the thread, which sees it even if `close` comes next. Raises EngineFailed after it."""
        with self._lock:
            self.check_open()
            yield
            self._begin()

    def put(self, do: Do) -> None:
        """Have this done in the thread."""
        self._box.put(do)

    def next(self, patience: float | None) -> Do | None:
        """Wait for what is to be done; None is the end. Raises queue.Empty if nothing comes within so many seconds."""
        return self._box.get(timeout=patience)

    def rest(self) -> Iterator[Do]:
        """What lies in the box still."""
        while not self._box.empty():
            if do := self._box.get():
                yield do

    def close(self) -> None:
        """Let nobody in any more, and wait for the end of the thread."""
        with self._lock:
            self._closed.set()
        self._box.put(None)
        if self._thread is not None:
            self._thread.join()
            atexit.unregister(self.close)

    def _begin(self) -> None:
        """Start the thread at the first request. The loop's thread is a daemon, too, since a daemon starts it."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=f"parley-{self._name}", daemon=True)
            self._thread.start()
            atexit.register(self.close)  # a thread that is inside the library when Python ends aborts the process
