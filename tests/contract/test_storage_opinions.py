"""What every storage promises of what people think of replies."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.domain import (
    Opinion,
)
from bot.errors import NotFound
from bot.ports import Storage, UnitOfWork
from tests.support.storage import NOW, QUESTION, REPLY, accepted, answered, begin, later


async def test_opinions_come_newest_first_with_question_and_answer(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[tuple[int, int]]:
        first = answered(work, "1", "first?", name="ann")
        second = accepted(work, "2", "second?", name="ben")
        work.opinions.give(first.id, first.user_id, Opinion.GOOD, later(1))
        work.opinions.give(first.id, second.user_id, Opinion.BAD, later(3))
        work.opinions.give(second.id, second.user_id, Opinion.BAD, later(2))
        return [(first.id, second.user_id), (second.id, second.user_id), (first.id, first.user_id)]

    keys = await storage.run(work)
    given = await storage.read(lambda work: work.opinions.list())
    assert [(opinion.turn_id, opinion.user_id) for opinion in given] == keys
    assert [(opinion.question, opinion.answer) for opinion in given] == [
        ("first?", REPLY.text),
        ("second?", ""),
        ("first?", REPLY.text),
    ]
    assert [opinion.given_at for opinion in given] == [later(3), later(2), later(1)]
    bad = await storage.read(lambda work: work.opinions.list(Opinion.BAD))
    assert bad == given[:2]
    assert await storage.read(lambda work: work.opinions.list(limit=1)) == given[:1]
    assert await storage.read(lambda work: work.opinions.list(Opinion.GOOD, 1)) == given[2:]


async def test_a_person_has_one_opinion_changes_it_and_takes_it_back(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[list[tuple[Opinion, datetime]]]:
        kept = answered(work)
        seen = []
        for seconds, opinion in enumerate((Opinion.GOOD, Opinion.BAD, None, None)):
            work.opinions.give(kept.id, kept.user_id, opinion, later(seconds))
            seen.append([(given.opinion, given.given_at) for given in work.opinions.list()])
        return seen

    assert await storage.run(work) == [[(Opinion.GOOD, later(0))], [(Opinion.BAD, later(1))], [], []]


async def test_one_persons_opinions_alone_and_without_a_limit(storage: Storage) -> None:
    def work(work: UnitOfWork) -> tuple[int, list[int]]:
        kept, other = answered(work), begin(work, name="other")
        work.opinions.give(kept.id, other, Opinion.BAD, later(0))
        work.opinions.give(kept.id, kept.user_id, Opinion.GOOD, later(1))
        assert len(work.opinions.list(limit=None)) == 2
        return other, [given.user_id for given in work.opinions.list(limit=None, user_id=other)]

    other, given = await storage.run(work)
    assert given == [other]


async def test_an_opinion_of_a_reply_outlives_its_being_replaced(storage: Storage) -> None:
    def work(work: UnitOfWork) -> None:
        kept = answered(work)
        work.opinions.give(kept.id, kept.user_id, Opinion.BAD, NOW)
        work.turns.replace(kept.id, NOW)

    await storage.run(work)
    (given,) = await storage.read(lambda work: work.opinions.list())
    assert (given.question, given.answer) == (QUESTION, REPLY.text)


@pytest.mark.parametrize("opinion", [Opinion.GOOD, None])
async def test_an_opinion_needs_its_turn_and_its_person(storage: Storage, opinion: Opinion | None) -> None:
    kept = await storage.run(accepted)
    with pytest.raises(NotFound, match="no turn 99"):
        await storage.run(lambda work: work.opinions.give(99, kept.user_id, opinion, NOW))
    with pytest.raises(NotFound, match="no person 99"):
        await storage.run(lambda work: work.opinions.give(kept.id, 99, opinion, NOW))
