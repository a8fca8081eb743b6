"""Which of a server's replicas is asked: the least busy one whose circuit breaker lets a request through.

The breaker is purgatory's state machine (closed, opened, half-opened; Nygard 2007, "Release It!"). After
`server.failures` failures in a row a replica rests for `server.rest_seconds`; then one request probes it.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from models.engines.remote.client import async_client, require
from models.engines.remote.failures import Again, ServerFailure
from models.engines.remote.repeating import may_repeat, pause
from models.engines.remote.server import Server, shown
from models.errors import EngineFailed

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_LOG = logging.getLogger(__name__)
_MOMENT = 0.001  # seconds

T = TypeVar("T")


class Replica:
    """One address of a server, how many requests it has at the moment, and its circuit breaker."""

    def __init__(self, server: Server, url: str) -> None:
        require("purgatory")
        from purgatory.domain.model import Context

        self.url = url
        self.busy = 0
        self.turn = 0  # when it was last asked, so that equally busy ones take turns
        self._server = server
        self._breaker = Context(server.name, server.failures, server.rest_seconds)
        self._client: AsyncOpenAI | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def client(self) -> AsyncOpenAI:
        """Its client for the running event loop; connections belong to one loop."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._client, self._loop = async_client(self._server, self.url), loop
        return self._client

    def rests_for(self) -> float:
        """How many seconds it is not to be asked; a replica that is probed counts as resting."""
        if self._breaker.state == "half-opened" and self.busy:
            return max(self._server.rest_seconds, _MOMENT)
        if self._breaker.state != "opened":
            return 0.0
        left = (self._breaker.opened_at or 0.0) + self._server.rest_seconds - time.time()
        return 0.0 if left < 0 else max(left, _MOMENT)

    def begin(self) -> None:
        """Count a request. Whoever calls this calls `end` once."""
        if self._breaker.state == "opened":
            self._breaker.handle_new_request()  # half-opened from now on
        self.busy += 1

    def end(self) -> None:
        self.busy -= 1

    def well(self) -> None:
        """It began to answer."""
        self._breaker.handle_end_request()
        self._note()

    def failed(self, failure: Exception) -> None:
        """It did not answer, or stopped in the middle."""
        self._breaker.handle_exception(failure)
        self._note()

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None and self._loop is asyncio.get_running_loop():
            await client.close()

    def _note(self) -> None:
        before = [message for message in self._breaker.messages if type(message).__name__ == "ContextChanged"]
        self._breaker.messages.clear()
        if before:
            _LOG.warning("%s at %s is now %s", self._server.name, shown(self.url), self._breaker.state)


class Replicas:
    """All addresses of a server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._turns = itertools.count(1)
        self.all = tuple(Replica(server, url) for url in server.urls)

    async def ask(self, work: Callable[[Replica], Awaitable[T]]) -> tuple[Replica, T]:
        """Do the work on a replica, or after a failure on another one, or on the same after a while.

        The replica counts as busy until `end` is called on it. Raises ServerFailure. The work must not have had an
        effect that anyone saw when it fails.
        """
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt

        async for attempt in AsyncRetrying(
            stop=stop_after_attempt(self._server.retries + 1),
            wait=pause,
            retry=retry_if_exception(may_repeat),
            reraise=True,
        ):
            with attempt:
                return await self._round(work)
        raise AssertionError("tenacity gives at least one attempt")

    async def close(self) -> None:
        for replica in self.all:
            await replica.close()

    async def _round(self, work: Callable[[Replica], Awaitable[T]]) -> tuple[Replica, T]:
        """Ask each replica that does not rest, the least busy first, until one answers."""
        failures: list[ServerFailure] = []
        left = list(self.all)
        while replica := self._choose(left):
            left.remove(replica)
            try:
                return replica, await self._try(replica, work)
            except ServerFailure as failure:
                failures.append(failure)
                if failure.again is Again.NEVER:
                    break
        raise min(failures, key=lambda failure: failure.again) if failures else self._all_rest()

    def _choose(self, among: Sequence[Replica]) -> Replica | None:
        ready = [replica for replica in among if not replica.rests_for()]
        return min(ready, key=lambda replica: (replica.busy, replica.turn), default=None)

    async def _try(self, replica: Replica, work: Callable[[Replica], Awaitable[T]]) -> T:
        replica.begin()
        replica.turn = next(self._turns)
        try:
            done = await work(replica)
        except BaseException as error:
            replica.end()
            if isinstance(error, ServerFailure):
                if error.broken:
                    replica.failed(error)
                else:
                    replica.well()  # it refuses, so it lives
            raise
        replica.well()
        return done

    def _all_rest(self) -> ServerFailure:
        seconds = min(replica.rests_for() for replica in self.all)
        places = ", ".join(shown(replica.url) for replica in self.all)
        sentence = (
            f"The server '{self._server.name}' ({places}) failed {self._server.failures} times in a row; it is asked "
            f"again in {seconds:.0f} seconds. Start it, or correct base_url in models.servers.{self._server.name}."
        )
        return ServerFailure(EngineFailed(sentence), Again.NEVER)
