"""Who may write in a chat: many who send, or one who looks for a lost message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class ChatLock:
    """A readers-writer lock. Many hold it `shared` or one holds it `alone`, who comes before those that ask later."""

    def __init__(self) -> None:
        self._gate = asyncio.Lock()
        self._empty = asyncio.Event()
        self._empty.set()
        self._holders = 0

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Hold it beside others."""
        async with self._gate:
            self._holders += 1
            self._empty.clear()
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                self._empty.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold it while nobody else does."""
        async with self._gate:
            await self._empty.wait()
            yield
