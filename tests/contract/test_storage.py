"""What every storage promises of transactions and of text, over SQL and the in-memory twin."""

from __future__ import annotations

import asyncio
import threading

import pytest

from bot.domain import (
    Channel,
    User,
)
from bot.errors import InvalidInput, StorageError
from bot.ports import Storage, UnitOfWork
from tests.support.storage import HERE, NOW, REPLY, accepted, begin, turn


async def test_an_error_rolls_all_of_the_work_back(storage: Storage) -> None:
    before = await storage.run(accepted)

    def work(work: UnitOfWork) -> None:
        accepted(work, "2")
        work.turns.finish(before.id, REPLY, NOW)
        work.unanswered.note("why?", "en", 0.0, None, NOW)
        work.users.ensure(User(Channel.WEB, "new"))
        work.conversations.forget(HERE)
        raise KeyError("after the writes")

    with pytest.raises(KeyError):
        await storage.run(work)
    (message,) = await storage.run(lambda work: work.conversations.history(HERE, 9))
    assert message.turn_id == before.id
    assert await storage.run(lambda work: work.unanswered.list()) == []
    assert [kept.id for kept in await storage.run(lambda work: work.turns.unfinished())] == [before.id]


async def test_work_runs_in_another_thread(storage: Storage) -> None:
    assert await storage.run(lambda _: threading.get_ident()) != threading.get_ident()
    assert await storage.read(lambda _: threading.get_ident()) != threading.get_ident()


async def test_reading_sees_what_was_committed_and_cannot_write(storage: Storage) -> None:
    kept = await storage.run(accepted)
    assert await storage.read(lambda work: work.turns.get(kept.id)) == kept
    with pytest.raises(StorageError):
        await storage.read(lambda work: work.turns.start(kept.id, NOW))
    assert await storage.read(lambda work: work.turns.get(kept.id)) == kept


async def test_many_tasks_at_once_lose_nothing_and_accept_each_update_once(storage: Storage) -> None:
    await storage.run(begin)

    async def deliver(number: int) -> bool:
        def work(work: UnitOfWork) -> bool:
            return work.turns.accept(turn(begin(work), str(number % 40)))[1]

        new = await storage.run(work)
        await storage.read(lambda work: work.conversations.history(HERE, 5))
        return new

    outcomes = await asyncio.gather(*(deliver(number) for number in range(120)))
    assert sum(outcomes) == 40
    history = await storage.run(lambda work: work.conversations.history(HERE, 1000))
    assert len({message.turn_id for message in history}) == len(history) == 40


async def test_a_closed_storage_says_so(storage: Storage) -> None:
    storage.close()
    storage.close()
    with pytest.raises(StorageError, match="closed"):
        await storage.run(begin)


@pytest.mark.parametrize("text", ["half \ud83d of an emoji", "a NUL \x00 here"])
async def test_what_no_database_keeps_is_refused_and_nothing_is_stored(storage: Storage, text: str) -> None:
    with pytest.raises(InvalidInput):
        await storage.run(lambda work: work.turns.accept(turn(begin(work), text=text)))
    with pytest.raises(InvalidInput):
        await storage.run(lambda work: work.unanswered.note(text, "en", 0.0, None, NOW))
    assert await storage.run(lambda work: work.turns.unfinished()) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 100_000,
        "👩🏽‍💻 \u202emirrored\u202c עברית",
        "a'; DROP TABLE turns; --",
        "\x07bell\ttab\r\n",
        "𝕌\U0010ffff",
    ],
)
async def test_any_other_text_comes_back_as_it_went_in(storage: Storage, text: str) -> None:
    kept = await storage.run(lambda work: accepted(work, text=text))
    again = await storage.run(lambda work: work.turns.get(kept.id))
    assert again is not None
    assert again.text == text
