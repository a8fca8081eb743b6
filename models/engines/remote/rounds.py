"""Which of a server's replicas is asked: the least busy one whose circuit breaker lets a request through.

for replica in (turn := roster.round()):
    with turn.attempt(replica):
        return replica, work(replica)       # or `await work(replica)`: nothing here waits
raise turn.failure()
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Generic, TypeVar

from models.engines.remote.failures import Again, ServerFailure
from models.engines.remote.replica import Replica
from models.engines.remote.server import Server, shown
from models.errors import EngineFailed

R = TypeVar("R", bound=Replica)


class Roster(Generic[R]):
    """All addresses of a server. Safe to use from several threads and event loops."""

    def __init__(self, server: Server, make: Callable[[Server, str, RLock], R]) -> None:
        self._server = server
        self._turns = itertools.count(1)
        self._lock = RLock()
        self.all = tuple(make(server, url, self._lock) for url in server.urls)

    def round(self) -> Round[R]:
        """Begin to ask each replica that does not rest once, until one answers."""
        return Round(self)

    def take(self, among: Sequence[R]) -> R | None:
        """Choose one, and count a request to it: of several that choose at once, only one gets to probe."""
        with self._lock:
            ready = [replica for replica in among if not replica.rests_for()]
            chosen = min(ready, key=lambda replica: (replica.busy, replica.turn), default=None)
            if chosen is not None:
                chosen.begin(next(self._turns))
            return chosen

    def all_rest(self) -> ServerFailure:
        """What to raise where none may be asked."""
        seconds = min(replica.rests_for() for replica in self.all)
        places = ", ".join(shown(replica.url) for replica in self.all)
        sentence = (
            f"The server '{self._server.name}' ({places}) failed; it is asked again in {seconds:.0f} seconds. "
            f"Start it, or correct base_url in models.servers.{self._server.name}."
        )
        return ServerFailure(EngineFailed(sentence), Again.NEVER)


class Round(Generic[R]):
    """Replicas in the order in which they are to be asked, each once; made by `Roster.round`."""

    def __init__(self, roster: Roster[R]) -> None:
        self._roster = roster
        self._left = list(roster.all)
        self._failures: list[ServerFailure] = []

    def __iter__(self) -> Iterator[R]:
        while not self._is_over() and (replica := self._roster.take(self._left)) is not None:
            self._left.remove(replica)
            yield replica

    @contextmanager
    def attempt(self, replica: R) -> Iterator[None]:
        """Note how the work within goes. A ServerFailure is kept; after success the replica stays busy until `end`."""
        try:
            yield
        except BaseException as error:
            replica.end()
            if not isinstance(error, ServerFailure):
                raise
            if error.broken:
                replica.failed(error)
            else:
                replica.well()  # it refuses, so it lives
            self._failures.append(error)
        else:
            replica.well()

    def failure(self) -> ServerFailure:
        """The failure after which most may be tried again."""
        return min(self._failures, key=lambda failure: failure.again) if self._failures else self._roster.all_rest()

    def _is_over(self) -> bool:
        return any(failure.again is Again.NEVER for failure in self._failures)
