"""The two ways of running the same repositories: sync sessions in threads (Parley's), and the async driver aiosqlite.

Both use the same statements, the same pragmas and the same queue of one writing connection; the driver alone differs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.ports import UnitOfWork
from bot.storage.engine import READERS
from bot.storage.sql import SqlStorage
from bot.storage.unit_of_work import SqlUnitOfWork

T = TypeVar("T")


class Peer(Protocol):
    """What is measured."""

    async def run(self, work: Callable[[UnitOfWork], T]) -> T: ...

    async def read(self, work: Callable[[UnitOfWork], T]) -> T: ...

    async def stop(self) -> None: ...


class Threads:
    """Parley's storage as it is."""

    def __init__(self, url: str) -> None:
        self._storage = SqlStorage(url)
        self.run = self._storage.run
        self.read = self._storage.read

    async def stop(self) -> None:
        self._storage.close()


class Aiosqlite:
    """The same repositories over SQLAlchemy's asyncio extension and aiosqlite."""

    def __init__(self, url: str) -> None:
        url = url.replace("sqlite://", "sqlite+aiosqlite://", 1)
        self._write = _engine(url, "BEGIN IMMEDIATE", "foreign_keys = ON", pool_size=1, max_overflow=0)
        self._read = _engine(url, "BEGIN", "query_only = ON", pool_size=READERS, max_overflow=0)

    async def run(self, work: Callable[[UnitOfWork], T]) -> T:
        return await _transaction(self._write, work)

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        return await _transaction(self._read, work)

    async def stop(self) -> None:
        await self._write.dispose()
        await self._read.dispose()


async def _transaction(engine: AsyncEngine, work: Callable[[UnitOfWork], T]) -> T:
    async with engine.begin() as connection:
        return await connection.run_sync(lambda sync: work(SqlUnitOfWork.over(sync)))


def _engine(url: str, begin: str, pragma: str, **options: Any) -> AsyncEngine:
    engine = create_async_engine(url, pool_timeout=120, **options)

    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for statement in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 10000", pragma):
            connection.execute(f"PRAGMA {statement}")

    event.listen(engine.sync_engine, "connect", connect)
    event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine
