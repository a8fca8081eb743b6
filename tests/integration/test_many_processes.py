"""Intake and delivery in one process, the dialogue in others, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.domain import Channel, TurnState
from bot.errors import StorageError
from bot.queueing.advisory import PostgresLead
from bot.queueing.leading import FileLead, Led
from bot.storage.engine import plain_url
from tests.support.many import HERE, Many
from tests.support.postgres import Postgres


@pytest.fixture
def many(postgres_url: str) -> Iterator[Many]:
    made = Many(postgres_url)
    yield made
    made.storage.close()


async def test_a_worker_writes_what_another_process_delivers(many: Many) -> None:
    async with many.working(), many.serving() as reception:
        await reception.receive(many.incoming("hello there"))
        await many.until("hello there")


async def test_the_text_is_seen_to_grow_and_can_be_stopped(many: Many) -> None:
    async with many.working() as skill, many.serving() as reception:
        turn = await reception.receive(many.incoming("slow one"))
        await many.until("slow")
        await reception.receive(many.incoming("/stop"))
        await many.until("slow\n(stopped)")
        assert turn is not None
        kept = await many.storage.read(lambda work: work.turns.get(turn.id))
        assert kept is not None
        assert kept.state is TurnState.INTERRUPTED
        assert len(skill.heard) == 1


async def test_what_comes_while_no_worker_is_there_waits_for_one(many: Many) -> None:
    async with many.serving() as reception:
        await reception.receive(many.incoming("hello"))
        await asyncio.sleep(0.5)
        assert many.platform.texts(HERE) == []
        async with many.working():
            await many.until("hello")


async def test_a_worker_that_ends_in_the_middle_leaves_the_answer_to_another(many: Many) -> None:
    async with many.serving() as reception:
        async with many.working():
            await reception.receive(many.incoming("slow one"))
            await many.until("slow")
        async with many.working() as skill:
            skill.go_on.set()
            await many.until("slow one")


async def test_a_serving_process_that_ends_in_the_middle_leaves_the_delivery_to_another(many: Many) -> None:
    async with many.working() as skill:
        async with many.serving() as reception:
            await reception.receive(many.incoming("slow one"))
            await many.until("slow")
        skill.go_on.set()
        async with many.serving():
            await many.until("slow one")


async def test_two_serving_processes_share_the_conversations(many: Many) -> None:
    places = [f"telegram:{number}" for number in range(6)]
    async with many.serving(apart=False) as one, many.serving(apart=False) as two:
        for number, place in enumerate(places):
            for word in ("first", "second"):
                await (one, two)[number % 2].receive(many.incoming(word, place))
        for place in places:
            await many.until("first", "second", where=place)


class Idle:
    """A channel that says when it runs."""

    channel = Channel.TELEGRAM

    def __init__(self, name: str, seen: list[str]) -> None:
        self.name, self.seen = name, seen

    async def run(self, ready: object) -> None:
        self.seen.append(f"+{self.name}")
        try:
            await asyncio.Event().wait()
        finally:
            self.seen.append(f"-{self.name}")


@pytest.mark.parametrize("kind", ["file", "postgresql"])
async def test_one_process_leads_and_another_takes_over(kind: str, tmp_path: Path, postgres_url: str) -> None:
    def lock() -> FileLead | PostgresLead:
        return FileLead(tmp_path / "lock") if kind == "file" else PostgresLead(plain_url(postgres_url), "telegram")

    seen: list[str] = []
    told: list[str] = []
    led = [Led(Idle(str(number), seen), lock(), told.append) for number in (1, 2)]
    first = asyncio.create_task(led[0].run(lambda: None))
    await _until(lambda: seen == ["+1"])
    second = asyncio.create_task(led[1].run(lambda: None))
    await _until(lambda: told == ["telegram: another process runs it; this one stands by."])
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await _until(lambda: seen == ["+1", "-1", "+2"])
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)


async def test_who_loses_the_database_leads_no_more(
    postgres: Postgres, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.queueing import advisory, leading

    monkeypatch.setattr(advisory, "ALIVE_EVERY", 0.1)
    monkeypatch.setattr(leading, "TRY_EVERY", 0.1)
    seen: list[str] = []
    leader = asyncio.create_task(
        Led(Idle("1", seen), PostgresLead(plain_url(postgres_url), "telegram"), seen.append).run(lambda: None)
    )
    await _until(lambda: seen == ["+1"])
    postgres.disconnect(postgres_url.rsplit("/", 1)[1].partition("?")[0])
    await _until(lambda: seen.count("+1") == 2)
    assert seen[1] == "-1"
    leader.cancel()
    await asyncio.gather(leader, return_exceptions=True)


async def test_a_lock_whose_database_is_away_says_so() -> None:
    lead = PostgresLead("postgresql://127.0.0.1:1/nothing", "telegram")
    with pytest.raises(StorageError, match="cannot be asked who leads"):
        await lead.acquire()


async def _until(condition: object, within: float = 20.0) -> None:
    assert callable(condition)
    clock = asyncio.get_running_loop().time
    end = clock() + within
    while not condition():
        assert clock() < end, "this never came about"
        await asyncio.sleep(0.02)
