"""Answers that other processes write: `parley worker` runs the dialogue, this process shows what comes of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from typing import Any

from bot.delivery.conductor import Conductor
from bot.domain import Event, TextDelta, Turn, Working
from bot.ports import Storage
from bot.queueing.bus import Bus
from bot.queueing.jobs import Jobs

log = logging.getLogger(__name__)

TASK = QUEUE = "answer"
LOOK_EVERY = 2.0  # seconds, in case the end was not heard
ASK_EVERY = 5  # looks without a word, before it is made sure that a worker is asked at all
STOPPED_WITHIN = 10.0  # seconds; then the turn's end is noted here


def once_of(turn: Turn) -> str:
    """The name under which a turn's answer is queued at most once."""
    return f"{TASK} {turn.id}"


def _never() -> bool:
    return False


class RemoteConductor:
    """`bot.delivery.ports.EventSource` whose answers come from any `parley worker`. What has ended, or is refused,
    needs none: `conductor` tells it.

    Text that was not heard, or was written anew after a worker was lost, is not shown while it grows; the reply comes
    from storage, whole.
    """

    def __init__(self, jobs: Jobs, bus: Bus, storage: Storage, conductor: Conductor) -> None:
        self._jobs = jobs
        self._bus = bus
        self._storage = storage
        self._conductor = conductor
        self.now = conductor.now

    def refuse(self, turn: Turn, reason: str) -> AsyncGenerator[Event, None]:
        return self._conductor.refuse(turn, reason)

    async def answer(self, turn: Turn, handing_back: Callable[[], bool] = _never) -> AsyncGenerator[Event, None]:
        """Yield the turn's events. Closing it has the worker stop, unless `handing_back` says that another run of ours
        takes them. Raises StorageError.
        """
        heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        deaf = self._bus.hear(lambda message: heard.put_nowait(message) if message.get("turn") == turn.id else None)
        ended = broken = False
        try:
            now = turn if not turn.unfinished else await self._ask(turn)
            shown = silence = 0
            while now is not None and now.unfinished:
                message = await _next(heard)
                silence = silence + 1 if message is None else 0
                if silence and silence % ASK_EVERY == 0 and once_of(turn) not in await self._jobs.names(QUEUE):
                    await self._ask(turn)
                if message is None or message.get("ended"):
                    now = await self._storage.read(lambda work: work.turns.get(turn.id))
                elif (event := _event(message, shown)) is not None:
                    shown += len(event.text) if isinstance(event, TextDelta) else 0
                    yield event
            ended = True
            if now is not None:
                async for event in self._conductor.answer(now):
                    if not (isinstance(event, TextDelta) and shown):
                        yield event
        except Exception:
            broken = True  # by no wish of the person: the worker goes on, and the turn is taken up again
            raise
        finally:
            deaf()
            if not (ended or broken or handing_back()):
                await self._stop(turn)

    async def _ask(self, turn: Turn) -> Turn | None:
        """Put the turn before the workers, unless it is before them already."""
        await self._jobs.put(TASK, QUEUE, {"turn": turn.id}, lock=f"{TASK} {turn.conversation_id}", once=once_of(turn))
        return await self._storage.read(lambda work: work.turns.get(turn.id))

    async def _stop(self, turn: Turn) -> None:
        await self._bus.tell({"stop answer": turn.id})
        await self._jobs.withdraw(once_of(turn))
        clock = asyncio.get_running_loop().time
        until = clock() + STOPPED_WITHIN
        while clock() < until:
            now = await self._storage.read(lambda work: work.turns.get(turn.id))
            if now is None or not now.unfinished:
                return
            if not await self._jobs.is_running(once_of(turn)):
                break
            await asyncio.sleep(0.1)
        await self._conductor.interrupted(turn)


async def _next(heard: asyncio.Queue[dict[str, Any]]) -> dict[str, Any] | None:
    try:
        async with asyncio.timeout(LOOK_EVERY):
            return await heard.get()
    except TimeoutError:
        return None


def _event(message: dict[str, Any], shown: int) -> Event | None:
    """What a worker told; None for text that follows on something that was not heard."""
    if isinstance(text := message.get("text"), str):
        return TextDelta(text) if message.get("at") == shown and text else None
    if isinstance(waiting := message.get("waiting"), list) and len(waiting) == 2:
        return Working("waiting", int(waiting[0]), float(waiting[1]))
    return Working(str(message["step"])) if "step" in message else None
