"""The conductor: answers a kept turn and keeps what came of it, however it ends."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime

from bot.delivery.keeping import keep
from bot.delivery.whole import whole
from bot.dialogue.manager import DialogueManager
from bot.domain import Completed, Event, Failed, TextDelta, Turn, TurnState
from bot.errors import NotFound
from bot.ports import Storage, UnitOfWork


def _now() -> datetime:
    return datetime.now(UTC)


def _never() -> bool:
    return False


class Conductor:
    """Passes the events of a turn on. A reply is kept before its Completed event is passed on."""

    def __init__(self, storage: Storage, manager: DialogueManager, now: Callable[[], datetime] = _now) -> None:
        self._storage = storage
        self._manager = manager
        self.now = now

    async def answer(self, turn: Turn, handing_back: Callable[[], bool] = _never) -> AsyncGenerator[Event, None]:
        """Yield the turn's events. Closing or cancelling it stops the work and marks the turn interrupted; while
        `handing_back` says so, the turn stays unfinished instead, for the next start. Where the person has had the turn
        forgotten meanwhile, the events end without Completed or Failed.
        """
        seen: list[str] = []
        ended = False
        try:
            ended = not await self._noted(lambda work: work.turns.start(turn.id, self.now()))
            if ended:
                return
            async with aclosing(self._manager.respond(turn)) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        seen.append(event.text)
                    elif isinstance(event, Completed | Failed):
                        kept = await self._keep(turn, event, "".join(seen))
                        ended = True
                        if not kept:
                            return
                    yield event
        finally:
            if not ended and not handing_back():
                await self._end(turn, TurnState.INTERRUPTED, "".join(seen))

    async def _keep(self, turn: Turn, event: Completed | Failed, seen: str) -> bool:
        if isinstance(event, Completed):
            return await self._noted(lambda work: work.turns.finish(turn.id, event.reply, self.now()))
        return await self._end(turn, TurnState.FAILED, seen, event.reason)

    async def _end(self, turn: Turn, state: TurnState, seen: str, reason: str = "") -> bool:
        return await self._noted(lambda work: work.turns.end(turn.id, state, self.now(), seen, reason))

    async def _noted(self, note: Callable[[UnitOfWork], object]) -> bool:
        """Note something to its end, also when cancelled: later notes must not be overtaken. False where the turn is
        there no more.
        """
        try:
            await whole(keep(self._storage, note))
        except NotFound:
            return False
        return True
