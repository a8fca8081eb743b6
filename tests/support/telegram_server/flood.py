"""Flood limits as Telegram publishes them: about 1 message a second per chat, 20 a minute per group, 30 a second
overall. Who goes beyond is refused with 429 until ``retry_after`` has passed. All times are loop time."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from tests.support.telegram_server.clock import Clock
from tests.support.telegram_server.errors import too_many


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once, then so many a second."""

    burst: float
    per_second: float


@dataclass(frozen=True, slots=True)
class Limits:
    """The rates. Edits count as messages; drafts have their own, gentler rate, which Telegram does not publish."""

    chat: Rate = Rate(burst=3, per_second=1.0)
    group: Rate = Rate(burst=20, per_second=20 / 60)
    overall: Rate = Rate(burst=30, per_second=30.0)
    drafts: Rate = Rate(burst=6, per_second=3.0)


class _Bucket:
    def __init__(self, rate: Rate, now: float) -> None:
        self._rate = rate
        self._tokens = rate.burst
        self._at = now
        self._shut_until = now

    def missing(self, now: float) -> float:
        """Seconds until the next one is let through; 0 where it is now."""
        self._tokens = min(self._rate.burst, self._tokens + (now - self._at) * self._rate.per_second)
        self._at = now
        short = max(0.0, (1 - self._tokens) / self._rate.per_second)
        # A hundredth of a microsecond: what adding up floats can leave over.
        wait = max(short, self._shut_until - now)
        return wait if wait > 1e-8 else 0.0

    def take(self) -> None:
        self._tokens -= 1

    def shut(self, until: float) -> None:
        self._shut_until = max(self._shut_until, until)


class Flood:
    """Counts what a bot sends, and refuses what is too much.

    ``refused`` counts the 429s that were given, by (method, chat id), those of the faults that were asked for too.
    """

    def __init__(self, clock: Clock, limits: Limits, on: bool) -> None:
        self.limits = limits
        self.on = on
        self.refused: Counter[tuple[str, int]] = Counter()
        self._clock = clock
        self._buckets: dict[object, _Bucket] = {}

    def charge(self, method: str, chat_id: int, *, group: bool, draft: bool = False) -> None:
        """Take one from every bucket that the message falls in.

        Raises:
            ApiError: 429, where one of them is empty; then nothing is taken.
        """
        if not self.on:
            return
        now = self._clock.now()
        if draft:
            rates: dict[object, Rate] = {("draft", chat_id): self.limits.drafts}
        else:
            rates = {("chat", chat_id): self.limits.chat, "overall": self.limits.overall}
            if group:
                rates["group", chat_id] = self.limits.group
        buckets = [self._buckets.setdefault(name, _Bucket(rate, now)) for name, rate in rates.items()]
        wait = max(bucket.missing(now) for bucket in buckets)
        if wait > 0:
            seconds = math.ceil(wait - 1e-8)
            for bucket in buckets:
                if bucket.missing(now) > 0:
                    bucket.shut(now + seconds)
            self.refused[method, chat_id] += 1
            raise too_many(seconds)
        for bucket in buckets:
            bucket.take()
