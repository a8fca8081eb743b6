"""Everything that Discord's side knows, and the way to wait until something in it has happened."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .basics import Ids, Json, unknown

if TYPE_CHECKING:
    from .channels import Channel
    from .guilds import Guild
    from .interactions import Interaction
    from .messages import Message
    from .people import Person

Sink = Callable[[str, Json, int | None], None]


class World:
    """The state that stays when the server is stopped and started again."""

    def __init__(self, ids: Ids, settle: float) -> None:
        self.ids = ids
        self.settle = settle
        self.base_url = ""
        self.message_content = True
        self.members_intent = True
        self.presences_intent = False
        self.people: dict[int, Person] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.interactions: dict[str, Interaction] = {}
        self.commands: dict[int | None, dict[int, Json]] = {None: {}}
        self.files: dict[int, bytes] = {}
        self.nonces: dict[tuple[int, int, str], tuple[float, Message]] = {}
        self.bot: Person
        self.operator: Person
        self.sink: Sink = lambda event, data, guild_id: None
        self._waiting: list[asyncio.Future[None]] = []
        self._tokens = itertools.count(1)

    # What others look up

    def channel(self, channel_id: int) -> Channel:
        if channel_id not in self.channels:
            raise unknown(10003, "Channel")
        return self.channels[channel_id]

    def guild(self, guild_id: int) -> Guild:
        if guild_id not in self.guilds:
            raise unknown(10004, "Guild")
        return self.guilds[guild_id]

    def person(self, person_id: int) -> Person:
        if person_id not in self.people:
            raise unknown(10013, "User")
        return self.people[person_id]

    def new_token(self) -> str:
        return f"aW50ZXJhY3Rpb24-{next(self._tokens)}-{self.ids.next():x}"

    # Events and waiting

    def emit(self, event: str, data: Json, guild_id: int | None = None) -> None:
        """Dispatch an event to the gateway's sessions that are to have it."""
        self.sink(event, data, guild_id)
        self.changed()

    def changed(self) -> None:
        """Wake everyone who waits in `until`."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, predicate: Callable[[], Any], within: float = 10.0, what: str = "it") -> None:
        """Wait until the predicate holds, looking again after each thing that happens.

        `within` in seconds of the loop's time. Raises AssertionError when it is over.
        """
        try:
            async with asyncio.timeout(within):
                while not predicate():
                    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    self._waiting.append(future)
                    await future
        except TimeoutError:
            raise AssertionError(f"Waited {within} s for {what}, which did not happen.") from None

    async def settled(self, last_change: Callable[[], float | None], within: float, what: str) -> None:
        """Wait until `last_change` (loop time; None: nothing yet, or not finished) lies `settle` seconds back."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(within):
                while True:
                    changed_at = last_change()
                    if changed_at is None:
                        await self.until(lambda: last_change() is not None, within * 2, what)
                    elif (rest := changed_at + self.settle - loop.time()) > 0:
                        await asyncio.sleep(rest)
                    else:
                        return
        except TimeoutError:
            raise AssertionError(f"Waited {within} s for {what}, which did not come.") from None


def loop_time() -> float:
    """The loop's time in seconds, the only clock that limits go by."""
    return asyncio.get_running_loop().time()
