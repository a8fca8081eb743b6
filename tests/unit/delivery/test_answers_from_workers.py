"""The process that delivers, while another writes the answer: what breaks off here is no stop of the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from bot.domain import Channel, TextDelta, Turn, TurnState, User
from bot.errors import StorageError
from bot.queueing.remote import RemoteConductor
from tests.support.channel_harness import ContractSkill
from tests.support.desk import Desk


class Queue:
    """The workers' queue, whose database may be away. Nobody works."""

    def __init__(self, away: int) -> None:
        self._away = away
        self.names_there: set[str] = set()

    async def put(self, task: str, queue: str, arguments: dict[str, Any], *, lock: str, once: str) -> bool:
        if self._away:
            self._away -= 1
            raise StorageError("The database is away.")
        self.names_there.add(once)
        return True

    async def names(self, queue: str) -> set[str]:
        return self.names_there

    async def withdraw(self, once: str) -> bool:
        there = once in self.names_there
        self.names_there.discard(once)
        return there

    async def is_running(self, once: str) -> bool:
        return False


class Bus:
    """What other processes would hear."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def hear(self, listener: Callable[[dict[str, Any]], object]) -> Callable[[], None]:
        self.listener = listener
        return lambda: None

    async def tell(self, message: dict[str, Any]) -> None:
        self.told.append(message)


async def accepted(desk: Desk) -> Turn:
    return await desk.inbox.accept(User(Channel.TELEGRAM, "1"), "telegram:1", "hello", "update 1")


async def test_a_database_that_is_away_for_a_moment_leaves_the_turn_to_be_answered() -> None:
    desk = Desk([ContractSkill()], default_skill="echo")
    turn, bus = await accepted(desk), Bus()
    remote = RemoteConductor(Queue(away=1), bus, desk.storage, desk.conductor)  # type: ignore[arg-type]
    with pytest.raises(StorageError):
        async with aclosing(remote.answer(turn)) as events:
            async for _ in events:
                pass
    known = await desk.storage.read(lambda work: work.turns.get(turn.id))
    assert known is not None and known.unfinished
    assert not bus.told


async def test_an_answer_that_the_person_stops_is_stopped_at_the_worker() -> None:
    desk = Desk([ContractSkill()], default_skill="echo")
    turn, bus, queue = await accepted(desk), Bus(), Queue(away=0)
    remote = RemoteConductor(queue, bus, desk.storage, desk.conductor)  # type: ignore[arg-type]
    async with aclosing(remote.answer(turn)) as events:
        first = asyncio.ensure_future(anext(events))
        while not queue.names_there:  # noqa: ASYNC110 - until the worker is asked
            await asyncio.sleep(0)
        bus.listener({"turn": turn.id, "at": 0, "text": "Hel"})
        assert await first == TextDelta("Hel")
    known = await desk.storage.read(lambda work: work.turns.get(turn.id))
    assert known is not None and known.state is TurnState.INTERRUPTED
    assert bus.told == [{"stop answer": turn.id}]
