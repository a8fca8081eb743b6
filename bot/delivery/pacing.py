"""Pacing: a platform's published limits are kept before it has to say so.

Three buckets (aiolimiter) stand before each call: one of the chat, one of the group, one of the whole bot. What is sent
waits its turn, in the order in which it came; an edit of unfinished text takes only what nobody needs, and is dropped
otherwise. All times are the event loop's, so a loop whose time runs faster keeps the same limits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from aiolimiter import AsyncLimiter

from bot.delivery.ports import Pace

_SWEEP_AT = 64  # chats in memory before idle ones are looked for


class _Chat:
    """The buckets of one chat, and who uses them."""

    __slots__ = ("held_until", "limiters", "streams", "turn", "waiting")

    def __init__(self, limiters: list[AsyncLimiter]) -> None:
        self.limiters = limiters
        self.turn = asyncio.Lock()  # wakes in the order of waiting: what is sent stays in order
        self.waiting = 0
        self.streams = 0
        self.held_until = 0.0

    def idle(self, now: float) -> bool:
        used = self.waiting or self.streams or self.held_until > now
        return not used and all(limiter.has_capacity(limiter.max_rate) for limiter in self.limiters)


class Pacer:
    """Keeps one channel's pace.

    >>> async def send(pacer: Pacer) -> None:
    ...     with pacer.streaming("chat 1", group=False):
    ...         await pacer.before_send("chat 1", group=False)
    """

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self._overall = _within(*pace.overall, burst=pace.overall[0] / 10)
        self._drafts = _within(*pace.overall, burst=pace.overall[0] / 10)
        self._overall_turn = asyncio.Lock()
        self._overall_waiting = 0
        self._held_until = 0.0
        self._chats: dict[str, _Chat] = {}
        self._sweep_at = _SWEEP_AT

    def __len__(self) -> int:
        """How many chats are kept in memory."""
        return len(self._chats)

    async def before_send(self, place: str, group: bool) -> None:
        """Wait until a message may be sent, or finished text edited: never dropped, in order within a chat."""
        chat = self._chat(place, group)
        chat.waiting += 1
        try:
            async with chat.turn:
                await self._take(chat)
        finally:
            chat.waiting -= 1

    def may_edit(self, place: str, group: bool) -> bool:
        """Take a token for an edit of unfinished text, if enough is left for the final text of every stream there."""
        chat = self._chat(place, group)
        now = asyncio.get_running_loop().time()
        if self._hold_left(chat, now) > 0 or chat.waiting or self._overall_waiting:
            return False
        if not self._overall.has_capacity(1) or not all(_has_room(limiter, chat.streams) for limiter in chat.limiters):
            return False
        for limiter in (*chat.limiters, self._overall):
            _take_now(limiter)
        return True

    def may_draft(self, place: str, group: bool) -> bool:
        """Whether a draft may be shown: drafts have a bucket of their own, and are dropped when it is empty."""
        chat = self._chat(place, group)
        if self._hold_left(chat, asyncio.get_running_loop().time()) > 0 or not self._drafts.has_capacity(1):
            return False
        _take_now(self._drafts)
        return True

    def hold(self, place: str | None, seconds: float, group: bool = False) -> None:
        """Nothing is sent to that place (None: at all) before so many seconds are over, as the platform asked."""
        until = asyncio.get_running_loop().time() + max(seconds, 0.0)
        if place is None:
            self._held_until = max(self._held_until, until)
        else:
            chat = self._chat(place, group)
            chat.held_until = max(chat.held_until, until)

    def held(self, place: str) -> float:
        """For how many seconds more nothing may be sent there."""
        return max(0.0, self._hold_left(self._chats.get(place), asyncio.get_running_loop().time()))

    @contextmanager
    def streaming(self, place: str, group: bool) -> Iterator[None]:
        """While an answer grows in a chat: room is kept for its final text."""
        chat = self._chat(place, group)
        chat.streams += 1
        try:
            yield
        finally:
            chat.streams -= 1

    async def _take(self, chat: _Chat) -> None:
        clock = asyncio.get_running_loop().time
        await self._hold_over(chat)
        taken: dict[AsyncLimiter, float] = {}
        for limiter in chat.limiters:
            await limiter.acquire()
            taken[limiter] = clock()
        while True:
            await self._hold_over(chat)  # a hold may have begun meanwhile
            await self._take_overall()
            for limiter, since in taken.items():
                await _renew(limiter, clock() - since)
                taken[limiter] = clock()
            if self._hold_left(chat, clock()) <= 0:
                return

    async def _hold_over(self, chat: _Chat) -> None:
        clock = asyncio.get_running_loop().time
        while (wait := self._hold_left(chat, clock())) > 0:  # noqa: ASYNC110 - it may be prolonged meanwhile
            await asyncio.sleep(wait)

    async def _take_overall(self) -> None:
        self._overall_waiting += 1
        try:
            async with self._overall_turn:
                await self._overall.acquire()
        finally:
            self._overall_waiting -= 1

    def _hold_left(self, chat: _Chat | None, now: float) -> float:
        return max(self._held_until, chat.held_until if chat else 0.0) - now

    def _chat(self, place: str, group: bool) -> _Chat:
        chat = self._chats.get(place)
        if chat is None:
            self._sweep()
            chat = self._chats[place] = _Chat(self._limiters(group))
        return chat

    def _limiters(self, group: bool) -> list[AsyncLimiter]:
        calls, seconds = self.pace.chat
        burst = max(1, self.pace.burst)
        limiters = [AsyncLimiter(burst, burst * seconds / calls)]
        if group and self.pace.group is not None:
            limiters.insert(0, _within(*self.pace.group, burst=self.pace.group[0] / 4))
        return limiters

    def _sweep(self) -> None:
        """Drop the chats that are idle: a full bucket tells nothing. Now and then, so that it costs nearly nothing."""
        if len(self._chats) < self._sweep_at:
            return
        now = asyncio.get_running_loop().time()
        self._chats = {place: chat for place, chat in self._chats.items() if not chat.idle(now)}
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._chats))


def _within(calls: float, seconds: float, burst: float) -> AsyncLimiter:
    """A bucket that never lets more than `calls` through in any window of `seconds`.

    A bucket holds `burst` and refills at a rate; a window can see both, so the rate is what the burst leaves over.
    """
    held = max(1.0, min(burst, calls / 2))
    refilled = calls - held
    if refilled <= 0:  # one call a window: no room for a burst, one token a window
        return AsyncLimiter(1, seconds / calls)
    return AsyncLimiter(held, held * seconds / refilled)


def _has_room(limiter: AsyncLimiter, streams: int) -> bool:
    """Room for an edit and the final text of each stream; a bucket of one token cannot keep any, and refills soon."""
    return limiter.has_capacity(1 + max(streams, 1) if limiter.max_rate > 1 else 1)


def _take_now(limiter: AsyncLimiter) -> None:
    """Take a token from a bucket that has one: `acquire` then ends without waiting."""
    try:
        limiter.acquire().send(None)
    except StopIteration:
        return
    raise AssertionError("the bucket had no token")


async def _renew(limiter: AsyncLimiter, waited: float) -> None:
    """A token that waited for the other buckets' tokens counts from now on, or the window would see one call more."""
    leaked = min(1.0, waited * limiter.max_rate / limiter.time_period)
    if leaked > 0:
        await limiter.acquire(leaked)
