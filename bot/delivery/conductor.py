"""The conductor: answers a kept turn and keeps what came of it, however it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import UTC, datetime

from bot.delivery.keeping import keep
from bot.delivery.whole import whole
from bot.dialogue.manager import DialogueManager
from bot.domain import Completed, Event, Failed, Reply, TextDelta, Turn, TurnState
from bot.errors import NotFound, StorageError
from bot.ports import Storage, UnitOfWork

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds, between tries to keep a reply


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
        forgotten meanwhile, the events end without Completed or Failed. A turn that has ended already is not answered
        anew: its events tell what was kept of it.
        """
        if not turn.unfinished:
            async for event in self._kept(turn):
                yield event
            return
        if turn.stopped:  # before it was taken up
            await self.interrupted(turn)
            return
        seen: list[str] = []
        ended = broken = False
        try:
            if turn.state is not TurnState.WORKING:  # it was not taken up by a delivery
                ended = not await self._noted("turn started", lambda work: work.turns.start(turn.id, self.now()))
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
        except Exception:
            broken = True  # by no wish of the person: the turn stays as it is, to be taken up again
            raise
        finally:
            if not (ended or broken or handing_back()):
                await self._end(turn, TurnState.INTERRUPTED, "".join(seen))

    async def refuse(self, turn: Turn, reason: str) -> AsyncGenerator[Event, None]:
        """The events of a turn that is not answered: it fails, for a reason that the person is told."""
        if await self._end(turn, TurnState.FAILED, "", reason):
            yield Failed(reason)

    async def interrupted(self, turn: Turn) -> None:
        """Mark a turn interrupted that nobody answers any more; the person has seen nothing of it that is kept."""
        await self._end(turn, TurnState.INTERRUPTED, "")

    async def _kept(self, turn: Turn) -> AsyncGenerator[Event, None]:
        """What was kept of a turn that has ended, in an earlier run perhaps."""
        reply, seen = await self._storage.read(lambda work: (work.turns.reply(turn.id), work.turns.seen(turn.id)))
        if seen:
            yield TextDelta(seen)
        if reply is not None and turn.state is TurnState.ANSWERED:
            yield Completed(reply)
        elif turn.state is TurnState.FAILED:
            yield Failed(turn.reason)

    async def _keep(self, turn: Turn, event: Completed | Failed, seen: str) -> bool:
        if isinstance(event, Completed):
            return await self._finish(turn, event.reply)
        return await self._end(turn, TurnState.FAILED, seen, event.reason)

    async def _finish(self, turn: Turn, reply: Reply) -> bool:
        """Keep the reply, however long the database is in trouble: to write it anew would cost more than to wait."""
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._noted("turn finished", lambda work: work.turns.finish(turn.id, reply, self.now()))
            except StorageError as error:
                log.warning("the reply to turn %s cannot be kept yet: %s", turn.id, type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _end(self, turn: Turn, state: TurnState, seen: str, reason: str = "") -> bool:
        return await self._noted("turn ended", lambda work: work.turns.end(turn.id, state, self.now(), seen, reason))

    async def _noted(self, name: str, note: Callable[[UnitOfWork], object]) -> bool:
        """Note something to its end, also when cancelled: later notes must not be overtaken. False where the turn is
        there no more.
        """
        try:
            await whole(keep(self._storage, name, note))
        except NotFound:
            return False
        return True
