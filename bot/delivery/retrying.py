"""Trying again what a platform or the network put off."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.wait import wait_random_exponential

from bot.delivery.pacing import Pacer
from bot.errors import TryLater

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call is tried again, in seconds of the event loop's time, and how the waits between grow where the
    platform names none. A reply is tried until it is delivered, or the platform says never.
    """

    longest: float = math.inf
    first: float = 0.5
    most: float = 60.0


class Retrier:
    """Makes calls to one place until they work. What the platform asks for (`retry_after`) holds the whole place.

    >>> async def send(retrier: Retrier) -> str:
    ...     async def call() -> str: ...
    ...     return await retrier(call)
    """

    def __init__(self, pacer: Pacer, place: str, group: bool, patience: Patience | None = None) -> None:
        self._pacer = pacer
        self._place = place
        self._group = group
        self._patience = patience or Patience()
        self._backoff = wait_random_exponential(multiplier=self._patience.first, max=self._patience.most)

    async def __call__(self, call: Callable[[], Awaitable[T]], paced: bool = True) -> T:
        """Give the call's result. Raises what it raises; TryLater only when patience is over."""
        clock = asyncio.get_running_loop().time
        until = clock() + self._patience.longest

        async def attempt() -> T:
            if paced:
                await self._pacer.before_send(self._place, self._group)
            return await call()

        def over(state: RetryCallState) -> bool:
            return clock() + (_asked_for(state) or 0.0) >= until

        trying = AsyncRetrying(
            retry=retry_if_exception_type(TryLater),
            wait=self._wait,
            stop=over,
            before_sleep=self._hold,
            sleep=asyncio.sleep,
            reraise=True,
        )
        return await trying(attempt)

    def _wait(self, state: RetryCallState) -> float:
        """Seconds until the next try: what the platform asks for, else with jitter."""
        after = _asked_for(state)
        return after if after is not None else self._backoff(state)

    def _hold(self, state: RetryCallState) -> None:
        after = _asked_for(state)
        if after is not None:
            self._pacer.hold(self._place, after, self._group)
        log.info("a call is tried again (attempt %d)", state.attempt_number)


def _asked_for(state: RetryCallState) -> float | None:
    error = state.outcome.exception() if state.outcome is not None else None
    return error.after if isinstance(error, TryLater) else None
