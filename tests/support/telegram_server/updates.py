"""Updates that wait for the bot: each has its own id, and comes again until it is confirmed."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.support.telegram_server.clock import Bell, Clock
from tests.support.telegram_server.errors import conflict

Json = dict[str, Any]

# Not sent unless they are asked for by name.
_ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
MOST_AT_ONCE = 100
LONGEST_POLL = 50.0


class Updates:
    """The queue, which getUpdates and the webhook both take from."""

    def __init__(self, clock: Clock, bell: Bell) -> None:
        self.pending: list[Json] = []
        self.allowed: list[str] = []
        self.last_id = 730_000_000
        self._clock = clock
        self._bell = bell
        self._poll: asyncio.Future[Exception] | None = None

    def wanted(self, kind: str) -> bool:
        """Whether the bot asked for updates of this kind."""
        return kind in self.allowed if self.allowed else kind not in _ON_REQUEST

    def push(self, kind: str, payload: Json) -> int | None:
        """Queue an update; its id, or None where the bot did not ask for such."""
        return self.push_raw({kind: payload}) if self.wanted(kind) else None

    def push_raw(self, update: Json) -> int:
        """Queue an update of any shape, known to the Bot API or not; its id."""
        self.last_id = max(self.last_id + 1, int(update.get("update_id", 0)))
        self.pending.append({"update_id": self.last_id, **{k: v for k, v in update.items() if k != "update_id"}})
        self._bell.ring()
        return self.last_id

    def confirm(self, offset: int) -> None:
        """Forget what has an id below ``offset``; below 0 it counts from the end."""
        if offset < 0:
            self.pending = self.pending[offset:]
        elif offset > 0:
            self.pending = [update for update in self.pending if update["update_id"] >= offset]
        self._bell.ring()

    def drop(self, update_id: int) -> None:
        """Forget one that a webhook took."""
        self.pending = [update for update in self.pending if update["update_id"] != update_id]
        self._bell.ring()

    def end_poll(self, error: Exception) -> None:
        """End the poll that waits, if one does, with an error."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(error)
            self._bell.ring()

    async def poll(self, offset: int, limit: int, seconds: float) -> list[Json]:
        """What is pending; waits up to so many seconds of loop time until something is.

        As on Telegram, a poll that begins while another waits ends that other one with 409, so two pollers
        throw each other out in turn.

        Raises:
            ApiError: 409, another poll or setWebhook began meanwhile; 401, the token was revoked.
        """
        self.end_poll(
            conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
        )
        self.confirm(offset)
        limit = max(1, min(limit, MOST_AT_ONCE))
        ended: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self._poll = ended
        try:
            if not self.pending and seconds > 0:
                await self._wait(ended, min(seconds, LONGEST_POLL))
            if ended.done():
                raise ended.result()
            return self.pending[:limit]
        finally:
            if self._poll is ended:
                self._poll = None

    async def _wait(self, ended: asyncio.Future[Exception], seconds: float) -> None:
        try:
            await self._bell.until(lambda: bool(self.pending) or ended.done(), seconds)
        except TimeoutError:
            return
