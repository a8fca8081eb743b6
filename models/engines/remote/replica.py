"""One address of a server: how busy it is, and its circuit breaker.

The breaker is purgatory's state machine (closed, opened, half-opened; Nygard 2007, "Release It!"). After
`server.failures` failures in a row a replica rests for `server.rest_seconds`; then one request probes it.
"""

from __future__ import annotations

import logging
import time
from threading import RLock

from models.engines.remote.client import require
from models.engines.remote.failures import ServerFailure
from models.engines.remote.server import Server, shown

_LOG = logging.getLogger(__name__)
_MOMENT = 0.001  # seconds


class Replica:
    """How many requests it has at the moment, and whether it may have more. `lock` is that of all replicas together."""

    def __init__(self, server: Server, url: str, lock: RLock) -> None:
        require("purgatory")
        from purgatory.domain.model import Context

        self.url = url
        self.busy = 0
        self.turn = 0  # when it was last asked, so that equally busy ones take turns
        self._server = server
        self._lock = lock
        self._breaker = Context(server.name, server.failures, server.rest_seconds)

    def rests_for(self) -> float:
        """How many seconds it is not to be asked; a replica that is probed counts as resting."""
        with self._lock:
            if self._breaker.state == "half-opened" and self.busy:
                return max(self._server.rest_seconds, _MOMENT)
            if self._breaker.state != "opened":
                return 0.0
            left = (self._breaker.opened_at or 0.0) + self._server.rest_seconds - time.time()
            return 0.0 if left < 0 else max(left, _MOMENT)

    def begin(self, turn: int) -> None:
        """Count a request. Whoever calls this calls `end` once."""
        with self._lock:
            if self._breaker.state == "opened":
                self._breaker.handle_new_request()  # half-opened from now on
            self.busy += 1
            self.turn = turn

    def end(self) -> None:
        with self._lock:
            self.busy -= 1

    def well(self) -> None:
        """It began to answer."""
        with self._lock:
            self._breaker.handle_end_request()
            self._note("answers again")

    def failed(self, failure: ServerFailure) -> None:
        """It did not answer, or stopped in the middle."""
        with self._lock:
            self._breaker.handle_exception(failure)
            while failure.grave and self._breaker.state == "closed":  # as if it had failed as often as is allowed
                self._breaker.handle_exception(failure)
            self._note(f"is left alone for {self._server.rest_seconds:g} seconds: {failure}")

    def _note(self, change: str) -> None:
        """Say in the log what has become of it, if anything has."""
        before = [message for message in self._breaker.messages if type(message).__name__ == "ContextChanged"]
        self._breaker.messages.clear()
        if before:
            _LOG.warning("%s at %s %s", self._server.name, shown(self.url), change)
