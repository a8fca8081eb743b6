"""Who leads, by an advisory lock of PostgreSQL."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress

import psycopg

from bot.errors import StorageError

ALIVE_EVERY, DEAD_AFTER = 2.0, 10.0  # seconds; PostgreSQL frees the lock of who was silent so long


class PostgresLead:
    """A session's advisory lock. The server ends a session that was silent for `DEAD_AFTER`, so that the lock of a
    machine that was cut off is free by then; that machine notices the same, as its own calls are over by then.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        self._key = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
        self._connection: psycopg.AsyncConnection | None = None

    async def acquire(self) -> bool:
        try:
            connection = await self._connected()
            row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (self._key,))).fetchone()
        except (psycopg.Error, OSError) as error:
            await self.release()
            raise StorageError(f"The database cannot be asked who leads ({type(error).__name__}).") from None
        return bool(row and row[0])

    async def lost(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_EVERY)
            try:
                async with asyncio.timeout(DEAD_AFTER - 2 * ALIVE_EVERY):
                    assert self._connection is not None, "the lock was acquired"
                    await self._connection.execute("SELECT 1")
            except (psycopg.Error, OSError, TimeoutError):
                return

    async def release(self) -> None:
        """Closing the session frees the lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error, OSError):
                await connection.close()

    async def _connected(self) -> psycopg.AsyncConnection:
        if self._connection is None:
            self._connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True, connect_timeout=10)
            await self._connection.execute(f"SET idle_session_timeout = '{DEAD_AFTER:.0f}s'".encode())
        return self._connection
