"""The replicas of a server with their clients: asked from an event loop, or from threads."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

from models.engines.remote.client import async_client, sync_client
from models.engines.remote.repeating import attempts
from models.engines.remote.replica import Replica
from models.engines.remote.rounds import Roster
from models.engines.remote.server import Server

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

T = TypeVar("T")


class AsyncReplica(Replica):
    """A replica that is asked from an event loop."""

    def __init__(self, server: Server, url: str, lock: RLock) -> None:
        super().__init__(server, url, lock)
        self._client: AsyncOpenAI | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def client(self) -> AsyncOpenAI:
        """Its client for the running event loop; connections belong to one loop."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._client, self._loop = async_client(self._server, self.url), loop
        return self._client

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await client.close()


class ThreadReplica(Replica):
    """A replica that is asked from threads, over one client."""

    def __init__(self, server: Server, url: str, lock: RLock) -> None:
        super().__init__(server, url, lock)
        self._client: OpenAI | None = None

    @property
    def client(self) -> OpenAI:
        with self._lock:
            if self._client is None:
                self._client = sync_client(self._server, self.url)
            return self._client

    def close(self) -> None:
        """Close the connections; the next use opens them again."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()


class AsyncReplicas(Roster[AsyncReplica]):
    """Asked from event loops."""

    def __init__(self, server: Server) -> None:
        super().__init__(server, AsyncReplica)

    async def ask(self, work: Callable[[AsyncReplica], Awaitable[T]]) -> tuple[AsyncReplica, T]:
        """Do the work on a replica, or after a failure on another one, or on the same after a while.

        The replica counts as busy until `end` is called on it. Raises ServerFailure. The work must not have had an
        effect that anyone saw when it fails.
        """
        from tenacity import AsyncRetrying

        return await AsyncRetrying(**attempts(self._server))(self._round, work)

    async def close(self) -> None:
        for replica in self.all:
            await replica.close()

    async def _round(self, work: Callable[[AsyncReplica], Awaitable[T]]) -> tuple[AsyncReplica, T]:
        for replica in (turn := self.round()):
            with turn.attempt(replica):
                return replica, await work(replica)
        raise turn.failure()


class ThreadReplicas(Roster[ThreadReplica]):
    """Asked from threads."""

    def __init__(self, server: Server) -> None:
        super().__init__(server, ThreadReplica)

    def ask(self, work: Callable[[ThreadReplica], T]) -> T:
        """Do the work on a replica, or after a failure on another one, or on the same after a while.

        Raises ServerFailure.
        """
        from tenacity import Retrying

        done: T = Retrying(**attempts(self._server))(self._round, work)
        return done

    def close(self) -> None:
        for replica in self.all:
            replica.close()

    def _round(self, work: Callable[[ThreadReplica], T]) -> T:
        for replica in (turn := self.round()):
            with turn.attempt(replica):
                done = work(replica)
                replica.end()
                return done
        raise turn.failure()
