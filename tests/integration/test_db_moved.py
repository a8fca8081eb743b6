"""`parley db copy` with turns on their way: what was accepted on SQLite is answered by the Parley on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.delivery.access import AccessOptions, Gate
from bot.delivery.reception import Reception
from bot.storage import migrate
from bot.storage.copying.run import copy
from bot.storage.sql import SqlStorage
from tests.support.channel_harness import ContractSkill
from tests.support.desk import Desk
from tests.support.many import HERE, Many
from tests.support.outlet import MemoryOutlets, Platform

ELSEWHERE = "telegram:2"


@pytest.fixture
def source(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'parley.db'}"
    migrate.upgrade(url)
    return url


@pytest.fixture
def many(source: str, blank_postgres_url: str) -> Iterator[Many]:
    """The Parley on PostgreSQL. Its database is empty until the copy is made."""
    made = Many(blank_postgres_url)
    yield made
    made.storage.close()


async def leave(source: str, many: Many, platform: Platform) -> None:
    """A Parley on SQLite that stops in the middle of an answer, with two questions behind it and one elsewhere."""
    storage = SqlStorage(source)
    desk = Desk([ContractSkill()], default_skill="echo", storage=storage)  # type: ignore[arg-type]
    gate = Gate(storage, AccessOptions())
    reception = Reception(storage, desk.inbox, desk.conductor, desk.texts, desk.languages, gate)
    outlets = MemoryOutlets(platform)
    reception.open(outlets)
    for said in ("slow one", "two", "three"):
        await reception.receive(many.incoming(said))
    while not platform.texts(HERE):  # noqa: ASYNC110 - the platform is looked at as people do
        await asyncio.sleep(0.02)
    reception.close_channel(outlets)
    await reception.receive(many.incoming("there", ELSEWHERE))
    await reception.aclose(0.1)
    storage.close()


@pytest.mark.parametrize("apart", [False, True], ids=["in one process", "by a worker"])
async def test_what_was_accepted_before_the_move_is_answered_after_it(source: str, many: Many, apart: bool) -> None:
    await leave(source, many, many.platform)
    assert many.platform.texts(HERE) == ["slow"]
    await asyncio.to_thread(copy, source, many.url, lambda step: None)
    (first, *others) = await many.storage.read(lambda work: list(work.turns.unfinished()))
    assert (first.attempts, first.excused, [turn.attempts for turn in others]) == (1, 1, [0, 0, 0])
    async with AsyncExitStack() as stack:
        if apart:
            await stack.enter_async_context(many.working())
        await stack.enter_async_context(many.serving(apart))
        for skill in many.skills:
            skill.go_on.set()
        await many.until("slow one", "two", "three")
        await many.until("there", where=ELSEWHERE)
    assert await many.storage.read(lambda work: list(work.deliveries.pending())) == []
    assert many.platform.methods("send") == ["send"] * 4  # what stood there was edited
