"""What waits to be written is written together, and each caller is told its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, event

from bot.domain import Channel
from bot.errors import NotFound, StorageError
from bot.ports import UnitOfWork
from bot.storage.sql import SqlStorage
from tests.support.storage import NOW


@pytest.fixture
def storage(database_url: str) -> Iterator[SqlStorage]:
    made = SqlStorage(database_url)
    yield made
    made.close()


@pytest.fixture
def commits(storage: SqlStorage) -> list[int]:
    seen: list[int] = []
    event.listen(storage._engines.write, "commit", lambda _: seen.append(1))
    return seen


def talk(name: str) -> object:
    return lambda work: work.conversations.ensure(name, Channel.CONSOLE, NOW)


async def held(storage: SqlStorage) -> threading.Event:
    """The writer is busy until the event is set."""
    go_on, begun = threading.Event(), threading.Event()

    def work(_: UnitOfWork) -> None:
        begun.set()
        go_on.wait(10)

    storage_busy = asyncio.ensure_future(storage.run(work))
    storage_busy.add_done_callback(lambda _: None)
    await asyncio.to_thread(begun.wait)
    return go_on


async def names(storage: SqlStorage) -> set[str]:
    return {each.id for each in await storage.read(lambda work: work.conversations.recent(1000))}


async def test_what_waits_shares_a_commit(storage: SqlStorage, commits: list[int]) -> None:
    go_on = await held(storage)
    waiting = [asyncio.ensure_future(storage.run(talk(f"c{number}"))) for number in range(50)]  # type: ignore[arg-type]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(*waiting)
    assert len(commits) == 2
    assert await names(storage) == {f"c{number}" for number in range(50)}


async def test_one_that_fails_leaves_the_others_alone(storage: SqlStorage) -> None:
    def fails(work: UnitOfWork) -> None:
        work.conversations.ensure("undone", Channel.CONSOLE, NOW)
        raise NotFound("There is none.")

    go_on = await held(storage)
    waiting = [asyncio.ensure_future(storage.run(each)) for each in (talk("a"), fails, talk("b"))]  # type: ignore[arg-type]
    await asyncio.sleep(0)
    go_on.set()
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each).__name__ for each in told] == ["Conversation", "NotFound", "Conversation"]
    assert await names(storage) == {"a", "b"}


async def test_where_the_database_fails_each_is_tried_alone(storage: SqlStorage) -> None:
    def breaks(work: UnitOfWork) -> None:
        connection: Connection = work.users._connection  # type: ignore[attr-defined]
        connection.exec_driver_sql("ROLLBACK")  # as SQLite does by itself where the disk is full
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    go_on = await held(storage)
    waiting = [asyncio.ensure_future(storage.run(each)) for each in (talk("a"), breaks, talk("b"))]  # type: ignore[arg-type]
    await asyncio.sleep(0)
    go_on.set()
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(told[1], StorageError)
    assert await names(storage) == {"a", "b"}


async def test_who_gives_up_waiting_is_not_written(storage: SqlStorage) -> None:
    go_on = await held(storage)
    given_up = asyncio.ensure_future(storage.run(talk("given up")))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    go_on.set()
    await storage.run(talk("kept"))  # type: ignore[arg-type]
    assert await names(storage) == {"kept"}
