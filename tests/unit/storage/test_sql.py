"""What only SQL storage does: it outlives the process, and serves several of them."""

from __future__ import annotations

import asyncio
import multiprocessing
from datetime import UTC, datetime

from bot.domain import Channel, Citation, Outcome, Reply, Turn, User
from bot.ports import UnitOfWork
from bot.storage.sql import SqlStorage

NOW = datetime(2026, 11, 23, tzinfo=UTC)
HERE = "console:default"


def accept(work: UnitOfWork, update: str) -> bool:
    work.conversations.ensure(HERE, Channel.CONSOLE, NOW)
    me = work.users.ensure(User(Channel.CONSOLE, "me"))
    return work.turns.accept(Turn(Channel.CONSOLE, HERE, me.id, "hello", update, NOW))[1]


def deliver(url: str, updates: list[str], counted: multiprocessing.Queue[int]) -> None:
    storage = SqlStorage(url)
    counted.put(sum(asyncio.run(storage.run(lambda work, u=update: accept(work, u))) for update in updates))  # type: ignore[misc]
    storage.close()


def test_history_survives_reopening(database_url: str) -> None:
    reply = Reply("hi", "chat", Outcome.GENERATED, "en", (Citation("d", "D", "p", 0.5),))

    def work(work: UnitOfWork) -> None:
        accept(work, "1")
        work.turns.finish(work.turns.unfinished()[0].id, reply, NOW)

    first = SqlStorage(database_url)
    asyncio.run(first.run(work))
    before = asyncio.run(first.read(lambda work: work.conversations.history(HERE, 9)))
    first.close()
    second = SqlStorage(database_url)
    assert asyncio.run(second.read(lambda work: work.conversations.history(HERE, 9))) == before
    assert before[1].citations == reply.citations
    second.close()


def test_two_processes_accept_each_update_once(database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    counted: multiprocessing.Queue[int] = context.Queue()
    updates = [str(number) for number in range(30)]
    workers = [context.Process(target=deliver, args=(database_url, updates, counted)) for _ in range(2)]
    for worker in workers:
        worker.start()
    assert sum(counted.get(timeout=60) for _ in workers) == 30
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0


async def test_a_cancelled_caller_leaves_a_whole_transaction(database_url: str) -> None:
    storage = SqlStorage(database_url)
    waiting = asyncio.ensure_future(storage.run(lambda work: accept(work, "1")))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    messages = len(await storage.run(lambda work: work.conversations.history(HERE, 9)))
    turns = len(await storage.run(lambda work: work.turns.unfinished()))
    assert messages == turns
    storage.close()
