"""Where models stand in memory: within a budget, the least recently used one goes first, and never one in use.

    shelf = Shelf(budget=lambda: 8_000_000_000)
    slot = Slot("qwen3-1_7b", need=lambda: 4_600_000_000, make=lambda: PagedGenerator(folder))
    with shelf.lease(lambda: slot) as generator: ...   # room is made before it loads
    shelf.retire(slot)                                 # closed once nobody uses it any more

A lease that finds all other models in use waits until there is room.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from functools import cached_property
from typing import Any, Generic, TypeVar

from models.errors import EngineFailed, Overloaded

_LOG = logging.getLogger(__name__)
_PATIENCE = 60.0  # seconds until a model that finds no room gives up

T = TypeVar("T")


class Slot(Generic[T]):
    """A model's place. `need` gives how many bytes it takes once it is loaded, or raises TooLarge; `make` builds it
    without loading it. Both are called when it is first used.

    `in_loop`: it has to be closed on the event loop that it was used on. `loaded` says that it is, or is about to be;
    `users` is how many leases are out.
    """

    def __init__(self, name: str, need: Callable[[], int], make: Callable[[], T], *, in_loop: bool = False) -> None:
        self.name = name
        self._need = need
        self._make = make
        self.in_loop = in_loop
        self.loop: asyncio.AbstractEventLoop | None = None
        self.loaded = False
        self.users = 0
        self.retired = False
        self.used_at = 0.0
        self._model: T | None = None
        self._lock = threading.Lock()

    @property
    def model(self) -> T:
        """The model itself, built when it is first asked for; to look at what costs no memory, such as its name."""
        with self._lock:
            if self._model is None:
                self._model = self._make()
            return self._model

    @cached_property
    def need(self) -> int:
        """How many bytes it takes once it is loaded. Raises TooLarge."""
        return self._need()

    def take_out(self) -> T | None:
        """Empty the place; the next use builds the model anew."""
        with self._lock:
            model, self._model = self._model, None
            return model


class Shelf:
    """Keeps the loaded models within `budget` bytes. Safe to use from threads and event loops.

    The budget is asked for at the first lease, since finding out what a GPU has takes a while.
    """

    def __init__(self, budget: Callable[[], int], *, patience: float = _PATIENCE) -> None:
        self._find_budget = budget
        self._patience = patience
        self._slots: list[Slot[Any]] = []
        self._changed = threading.Condition()  # guards the slots' figures
        self._making_room = threading.Lock()  # one at a time, so that two do not take the same room
        self._closer = ThreadPoolExecutor(1, thread_name_prefix="parley-close")

    @cached_property
    def budget(self) -> int:
        """How many bytes all models may take together."""
        return self._find_budget()

    def used(self) -> int:
        """The bytes that loaded models take."""
        with self._changed:
            return self._used()

    def slots(self) -> list[Slot[Any]]:
        """All that are or were loaded, and those that are leased."""
        with self._changed:
            return list(self._slots)

    @contextmanager
    def lease(self, current: Callable[[], Slot[T]]) -> Iterator[T]:
        """Hold what is the current model while it is used. Raises TooLarge, or Overloaded where no room came free."""
        slot = self._take_if_loaded(current) or self._make_room(current)
        try:
            yield slot.model
        finally:
            self._give_back(slot)

    @asynccontextmanager
    async def hold(self, current: Callable[[], Slot[T]]) -> AsyncIterator[T]:
        """The same on an event loop, which does not wait."""
        slot = self._take_if_loaded(current)
        if slot is None:
            taking = asyncio.ensure_future(asyncio.to_thread(self._make_room, current))
            try:
                slot = await asyncio.shield(taking)
            except asyncio.CancelledError:
                taking.add_done_callback(self._unwanted)
                raise
        slot.loop = asyncio.get_running_loop() if slot.in_loop else None
        try:
            yield slot.model
        finally:
            self._give_back(slot)

    def retire(self, slot: Slot[Any]) -> None:
        """Close a model as soon as its last lease ends; it can be leased no more."""
        with self._changed:
            slot.retired = True
            idle = slot.users == 0
        if idle:
            self._close_soon(slot)

    def drop_idle(self, slot: Slot[Any]) -> bool:
        """Close a model now if nobody uses it; gives whether it is closed. Waits for it."""
        with self._making_room:
            with self._changed:
                if slot.users:
                    return False
                slot.loaded = False
            self._close_soon(slot).result()
        return True

    async def close(self) -> None:
        """Close all, the last loaded first, whether they are in use or not."""
        with self._changed:
            slots, self._slots = self._slots, []
        for slot in reversed(slots):
            slot.loaded = False
            closing = _closing(slot.take_out())
            if closing is not None:
                await closing
        await asyncio.to_thread(self._closer.shutdown)
        self._closer = ThreadPoolExecutor(1, thread_name_prefix="parley-close")

    def _take_if_loaded(self, current: Callable[[], Slot[T]]) -> Slot[T] | None:
        slot = current()
        with self._changed:
            if not slot.loaded or slot.retired:
                return None
            self._count_in(slot)
            return slot

    def _make_room(self, current: Callable[[], Slot[T]]) -> Slot[T]:
        """Unload others until it fits, and take it."""
        deadline = time.monotonic() + self._patience
        with self._making_room:
            while True:
                slot = current()
                _ = slot.need, self.budget  # found out before the lock is taken
                if self._take_with_room(slot, deadline):
                    return slot

    def _take_with_room(self, slot: Slot[Any], deadline: float) -> bool:
        with self._changed:
            if slot.retired:
                raise EngineFailed(f"The model '{slot.name}' was taken out of use. Ask again.")
            if slot.loaded or self._used() + slot.need <= self.budget:
                self._count_in(slot)
                return True
            # What takes nothing here, a server's place, would free nothing, and forget how its replicas are.
            idle = [one for one in self._slots if one.loaded and not one.users and one.need]
            if not idle:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    raise Overloaded(
                        f"The models that are in use leave no memory for '{slot.name}'. Ask again in a moment, or "
                        "choose smaller models."
                    )
                return False
            oldest = min(idle, key=lambda one: one.used_at)
            oldest.loaded = False
        _LOG.info("unloading %s to make room for %s", oldest.name, slot.name)
        self._close_soon(oldest).result()
        return False

    def _count_in(self, slot: Slot[Any]) -> None:
        slot.loaded = True
        slot.users += 1
        if slot not in self._slots:
            self._slots.append(slot)

    def _unwanted(self, taking: asyncio.Future[Slot[Any]]) -> None:
        if taking.exception() is None:
            self._give_back(taking.result())

    def _give_back(self, slot: Slot[Any]) -> None:
        with self._changed:
            slot.users -= 1
            slot.used_at = time.monotonic()
            over = slot.retired and slot.users == 0
            self._changed.notify_all()
        if over:
            self._close_soon(slot)

    def _close_soon(self, slot: Slot[Any]) -> Future[None]:
        return self._closer.submit(self._close_one, slot)

    def _close_one(self, slot: Slot[Any]) -> None:
        try:
            closing = _closing(slot.take_out())
            if closing is not None and slot.loop is not None and slot.loop.is_running():
                asyncio.run_coroutine_threadsafe(closing, slot.loop).result()
            elif closing is not None:
                asyncio.run(_finish(closing))
        finally:
            with self._changed:
                if slot.retired:
                    slot.loaded = False
                    if slot in self._slots:
                        self._slots.remove(slot)
                self._changed.notify_all()

    def _used(self) -> int:
        return sum(slot.need for slot in self._slots if slot.loaded)


def _closing(model: Any) -> Coroutine[Any, Any, None] | None:
    """Close a model; what some give back has to be awaited."""
    closing: Coroutine[Any, Any, None] | None = model.close() if hasattr(model, "close") else None
    return closing


async def _finish(closing: Coroutine[Any, Any, None]) -> None:
    await closing
