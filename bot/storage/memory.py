"""The in-memory twin of SQL storage: the same contract, nothing to install, gone with the process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from bot.errors import StorageError
from bot.ports import UnitOfWork
from bot.storage.memory_state import State
from bot.storage.memory_work import MemoryUnitOfWork
from bot.storage.text import checked
from retrieval.memory import MemoryKnowledgeStore

T = TypeVar("T")


class MemoryStorage:
    """`bot.ports.Storage` in memory, for tests and for trying things out.

    >>> storage = MemoryStorage()
    >>> asyncio.run(storage.run(lambda work: work.conversations.recent()))
    []
    """

    def __init__(self) -> None:
        self._state = State()
        self._lock = threading.Lock()
        self._knowledge = MemoryKnowledgeStore(checked)
        self._closed = False

    @property
    def knowledge(self) -> MemoryKnowledgeStore:
        return self._knowledge

    async def run(self, work: Callable[[UnitOfWork], T]) -> T:
        """One transaction, in a thread of its own; see `bot.ports.Storage`."""
        return await self._in_thread(work, keep=True)

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        """Like `run` for work that only reads. A write raises StorageError."""
        return await self._in_thread(work, keep=False)

    def close(self) -> None:
        self._closed = True

    async def _in_thread(self, work: Callable[[UnitOfWork], T], keep: bool) -> T:
        if self._closed:
            raise StorageError("The storage is closed; Parley is stopping.")
        return await asyncio.to_thread(self._transaction, work, keep)

    def _transaction(self, work: Callable[[UnitOfWork], T], keep: bool) -> T:
        with self._lock:
            # The work is done on a copy, which takes the state's place only if all of it went well.
            changed = self._state.copy()
            result = work(MemoryUnitOfWork.over(changed))
            if keep:
                self._state = changed
            elif changed != self._state:
                raise StorageError("The work was to read only, and wrote; run it with `run`.")
            return result
