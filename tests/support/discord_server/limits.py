"""Discord's rate limits: a fixed window per route and main id, and one for all; in the loop's time."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from .basics import Json
from .world import loop_time

# (requests, seconds) of a route; what is not here has the last entry's.
_MESSAGES = "/channels/{channel_id}/messages"
_MESSAGE = _MESSAGES + "/{message_id}"
RATES: dict[tuple[str, str], tuple[int, float]] = {
    ("POST", _MESSAGES): (5, 5.0),
    ("PATCH", _MESSAGE): (5, 5.0),
    ("DELETE", _MESSAGE): (5, 1.0),
    ("POST", "/channels/{channel_id}/typing"): (5, 5.0),
    ("PUT", _MESSAGE + "/reactions/{emoji}/@me"): (1, 0.25),
    ("DELETE", _MESSAGE + "/reactions/{emoji}/@me"): (1, 0.25),
}
WEBHOOK_RATE = (5, 2.0)  # of one interaction's messages, as people have measured it
OTHER_RATE = (50, 1.0)
GLOBAL_RATE = (50, 1.0)
_FREE = (1000, 1.0)


@dataclass
class Window:
    """Counts requests from the first one on until `per` seconds are over."""

    limit: int
    per: float
    used: int = 0
    ends: float = 0.0

    def take(self, now: float) -> bool:
        if now >= self.ends:
            self.used, self.ends = 0, now + self.per
        if self.used >= self.limit:
            return False
        self.used += 1
        return True

    def headers(self, now: float, wall: float) -> dict[str, str]:
        rest = max(self.ends - now, 0.001)
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.limit - self.used, 0)),
            "X-RateLimit-Reset": f"{wall + rest:.3f}",
            "X-RateLimit-Reset-After": f"{rest:.3f}",
        }


@dataclass
class Verdict:
    """The headers of a request; `retry_after` in seconds when it is refused."""

    headers: dict[str, str]
    retry_after: float | None = None
    everywhere: bool = False


class RateLimits:
    """All windows. Switched off, every route has room and nothing is refused."""

    def __init__(self, on: bool, clock: Callable[[], float]) -> None:
        self.on = on
        self.given: Counter[tuple[str, str]] = Counter()
        self._clock = clock
        self._windows: dict[tuple[str, str], Window] = {}
        self.everywhere = Window(*GLOBAL_RATE)

    def check(self, method: str, template: str, major: str) -> Verdict:
        """Count a request to a route (a path with its {names}) with these main ids."""
        bucket = _bucket(method, template)
        if template.startswith("/interactions/"):
            return Verdict({})
        now = loop_time()
        in_global = not template.startswith("/webhooks/")
        if self.on and in_global and not self.everywhere.take(now):
            self.given[(method, template)] += 1
            rest = self.everywhere.ends - now
            return Verdict({"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}, rest, everywhere=True)
        window = self._window(bucket, method, template, major)
        taken = window.take(now)
        headers = window.headers(now, self._clock()) | {"X-RateLimit-Bucket": bucket}
        if taken:
            return Verdict(headers)
        self.given[(method, template)] += 1
        return Verdict(headers | {"X-RateLimit-Scope": "user"}, max(window.ends - now, 0.001))

    def _window(self, bucket: str, method: str, template: str, major: str) -> Window:
        if not self.on:
            return Window(*_FREE)
        if (bucket, major) not in self._windows:
            self._windows[(bucket, major)] = Window(*rate(method, template))
        return self._windows[(bucket, major)]


def rate(method: str, template: str) -> tuple[int, float]:
    if template.startswith("/webhooks/"):
        return WEBHOOK_RATE
    return RATES.get((method, template), OTHER_RATE)


def _bucket(method: str, template: str) -> str:
    """One name for a route; all of an interaction's messages share one."""
    name = "/webhooks" if template.startswith("/webhooks/") else f"{method} {template}"
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def refusal(retry_after: float, everywhere: bool) -> tuple[Json, dict[str, str]]:
    """The body and the headers of a 429."""
    body = {"message": "You are being rate limited.", "retry_after": round(retry_after, 3), "global": everywhere}
    return body, {"Via": "1.1 google", "Retry-After": str(math.ceil(retry_after))}
