"""Storage in SQL: synchronous transactions in threads of their own, behind an asynchronous door.

Sync drivers in threads were measured faster than the async ones (benchmarks/storage), and serve SQLite and PostgreSQL
alike. The database must be at the newest revision: see `bot.storage.migrate`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Engine
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random

from bot.errors import StorageError
from bot.ports import UnitOfWork
from bot.storage.engine import READERS, open_engines
from bot.storage.errors import broken_off, translate_errors
from bot.storage.grouping import GroupCommit
from bot.storage.knowledge import SqlKnowledge
from bot.storage.unit_of_work import SqlUnitOfWork

T = TypeVar("T")


class SqlStorage:
    """`bot.ports.Storage` over a database.

    >>> storage = SqlStorage("sqlite:////srv/parley/parley.db")        # doctest: +SKIP
    >>> await storage.run(lambda work: work.conversations.recent())    # doctest: +SKIP
    """

    def __init__(self, url: str) -> None:
        """Raises StorageError if the URL is none or its folder cannot be made; connects at the first use."""
        self._engines = open_engines(url)
        self._writers = ThreadPoolExecutor(self._engines.writers, thread_name_prefix="storage-write")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="storage-read")
        self._knowledge = SqlKnowledge(self._engines)
        self._group = GroupCommit(self._engines.write, self._writers) if self._engines.writers == 1 else None
        self._closed = False

    @property
    def knowledge(self) -> SqlKnowledge:
        return self._knowledge

    async def run(self, work: Callable[[UnitOfWork], T]) -> T:
        """One writing transaction. If the caller is cancelled meanwhile, the work is still done and committed. Where
        PostgreSQL breaks it off because it and another waited for each other, it is undone and done anew.
        """
        if self._group is None:
            return await self._in(self._writers, self._engines.write, work)
        self._require_open()
        with translate_errors(self._engines.where):
            return await self._group.run(lambda connection: work(SqlUnitOfWork.over(connection)))

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        """Like `run` for work that only reads: never waits for a writer. On SQLite a write raises StorageError."""
        return await self._in(self._readers, self._engines.read, work)

    def close(self) -> None:
        """Finish what was begun, then close all connections. A second call does nothing."""
        self._closed = True
        self._writers.shutdown()
        self._readers.shutdown()
        self._engines.dispose()

    async def _in(self, pool: ThreadPoolExecutor, engine: Engine, work: Callable[[UnitOfWork], T]) -> T:
        self._require_open()
        return await asyncio.get_running_loop().run_in_executor(pool, self._transaction, engine, work)

    def _require_open(self) -> None:
        if self._closed:
            raise StorageError("The storage is closed; Parley is stopping.")

    def _transaction(self, engine: Engine, work: Callable[[UnitOfWork], T]) -> T:
        with translate_errors(self._engines.where):
            done: T = _anew(_once, engine, work)
            return done


# Two may still wait for each other where one transaction changes several things; the one broken off has kept nothing.
_anew = Retrying(
    retry=retry_if_exception(broken_off), stop=stop_after_attempt(5), wait=wait_random(0, 0.1), reraise=True
)


def _once(engine: Engine, work: Callable[[UnitOfWork], T]) -> T:
    with engine.begin() as connection:
        return work(SqlUnitOfWork.over(connection))
