"""What every storage promises of conversations."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from bot.domain import (
    Channel,
    Origin,
    Role,
    Turn,
    User,
)
from bot.errors import NotFound
from bot.ports import Storage, UnitOfWork
from tests.support.storage import HERE, NOW, REPLY, accepted, answered, begin, later


async def test_a_conversation_is_made_once(storage: Storage) -> None:
    first = await storage.run(lambda work: work.conversations.ensure(HERE, Channel.CONSOLE, NOW))
    again = await storage.run(lambda work: work.conversations.ensure(HERE, Channel.CONSOLE, later(5)))
    assert again == first
    assert (first.created_at, first.updated_at, first.title, first.messages) == (NOW, NOW, "", 0)
    assert await storage.run(lambda work: work.conversations.get(HERE)) == first
    assert await storage.run(lambda work: work.conversations.get("nowhere")) is None


async def test_moments_come_back_in_utc(storage: Storage) -> None:
    beijing = NOW.astimezone(timezone(timedelta(hours=8)))
    await storage.run(lambda work: work.conversations.ensure(HERE, Channel.CONSOLE, beijing))
    kept = await storage.run(lambda work: work.conversations.get(HERE))
    assert kept is not None
    assert kept.created_at == NOW
    assert kept.created_at.utcoffset() is not None


async def test_the_conversation_last_written_in_comes_first(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[str]:
        for index, name in enumerate(("a", "b", "c")):
            work.conversations.ensure(name, Channel.WEB, later(index))
        work.turns.finish(accepted(work, conversation="a").id, REPLY, later(60))
        return [conversation.id for conversation in work.conversations.recent(2)]

    assert await storage.run(work) == ["a", "c"]


async def test_the_title_is_the_first_message_and_messages_are_counted(storage: Storage) -> None:
    def work(work: UnitOfWork) -> None:
        first = accepted(work, "1", "  Refunds?\nsecond line")
        accepted(work, "2", "Another")
        work.turns.finish(first.id, REPLY, later(1))

    await storage.run(work)
    kept = await storage.run(lambda work: work.conversations.get(HERE))
    assert kept is not None
    assert (kept.title, kept.messages, kept.updated_at) == ("Refunds?", 3, later(1))


async def test_history_gives_the_last_messages_oldest_first(storage: Storage) -> None:
    def work(work: UnitOfWork) -> None:
        for number in range(5):
            kept = accepted(work, str(number), f"question {number}")
            work.turns.finish(kept.id, REPLY, later(number))
        accepted(work, "other", "elsewhere", conversation="web:1")

    await storage.run(work)
    history = await storage.run(lambda work: work.conversations.history(HERE, 3))
    assert [message.text for message in history] == [REPLY.text, "question 4", REPLY.text]
    assert [message.role for message in history] == [Role.ASSISTANT, Role.USER, Role.ASSISTANT]
    assert await storage.run(lambda work: work.conversations.history(HERE, 0)) == []
    assert len(await storage.run(lambda work: work.conversations.history(HERE, 100))) == 10
    assert await storage.run(lambda work: work.conversations.history("nowhere", 3)) == []


async def test_forgetting_takes_all_of_one_conversation_and_nothing_of_another(storage: Storage) -> None:
    def work(work: UnitOfWork) -> tuple[int, int]:
        mine = accepted(work, "1")
        work.turns.finish(mine.id, REPLY, NOW)
        other = accepted(work, "2", conversation="web:1")
        return mine.id, other.id

    mine, other = await storage.run(work)
    assert await storage.run(lambda work: work.conversations.forget(HERE)) == 2
    assert await storage.run(lambda work: work.conversations.forget(HERE)) == 0
    assert await storage.run(lambda work: work.conversations.get(HERE)) is None
    assert await storage.run(lambda work: work.conversations.history(HERE, 9)) == []
    assert await storage.run(lambda work: work.turns.get(mine)) is None
    assert await storage.run(lambda work: work.turns.get(other)) is not None
    assert len(await storage.run(lambda work: work.conversations.history("web:1", 9))) == 1


async def test_the_id_of_a_forgotten_turn_is_not_given_again(storage: Storage) -> None:
    old = await storage.run(accepted)
    await storage.run(lambda work: work.conversations.forget(HERE))
    assert (await storage.run(accepted)).id > old.id


async def test_people_of_a_group_are_told_apart_in_its_history(storage: Storage) -> None:
    def work(work: UnitOfWork) -> tuple[int, int]:
        ann = answered(work, "1", "Ann asks", name="ann").user_id
        ben = answered(work, "2", "Ben asks", name="ben").user_id
        accepted(work, "3", "Ann again", name="ann")
        return ann, ben

    ann, ben = await storage.run(work)

    async def said(limit: int, user_id: int | None) -> list[str]:
        history = await storage.read(lambda work: work.conversations.history(HERE, limit, user_id))
        return [message.text for message in history]

    assert await said(9, ann) == ["Ann asks", REPLY.text, "Ann again"]
    assert await said(2, ann) == [REPLY.text, "Ann again"]
    assert await said(9, ben) == ["Ben asks", REPLY.text]
    assert len(await said(9, None)) == 5
    assert await said(9, 99) == []
    assert await said(0, ann) == []


async def test_values_of_a_conversation_are_empty_until_set_and_are_replaced_whole(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[dict[str, str]]:
        begin(work)
        seen = [dict(work.conversations.values(HERE))]
        for values in ({"answer": "always", "词": "暖\x00"}, {"answer": "mention"}, {}):
            work.conversations.set_values(HERE, values)
            seen.append(dict(work.conversations.values(HERE)))
        return seen

    assert await storage.run(work) == [{}, {"answer": "always", "词": "暖\x00"}, {"answer": "mention"}, {}]
    assert await storage.read(lambda work: work.conversations.values("nowhere")) == {}
    with pytest.raises(NotFound, match="no conversation nowhere"):
        await storage.run(lambda work: work.conversations.set_values("nowhere", {}))


async def test_values_stay_when_a_conversation_is_ensured_again_and_go_when_it_is_forgotten(storage: Storage) -> None:
    def work(work: UnitOfWork) -> tuple[object, object]:
        begin(work)
        work.conversations.set_values(HERE, {"answer": "always"})
        begin(work)
        kept = dict(work.conversations.values(HERE))
        work.conversations.forget(HERE)
        begin(work)
        return kept, dict(work.conversations.values(HERE))

    assert await storage.run(work) == ({"answer": "always"}, {})


async def test_where_to_look_for_what_was_missed(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[int]:
        me = work.users.ensure(User(Channel.DISCORD, "7")).id
        ids = []
        for number, (home, bot) in enumerate([("a", ""), ("b", ""), ("a", ""), ("b", "other"), ("c", "other")]):
            work.conversations.ensure(home, Channel.DISCORD, NOW)
            origin = Origin(message_id=str(number))
            new = Turn(Channel.DISCORD, home, me, "hi", f"u{number}", NOW, bot, origin=origin)
            ids.append(work.turns.accept(new)[0].id)
        work.conversations.ensure("silent", Channel.DISCORD, NOW)
        accepted(work, "console")
        return ids

    ids = await storage.run(work)
    latest = await storage.read(lambda work: work.conversations.with_people(Channel.DISCORD))
    assert [(kept.id, kept.conversation_id, kept.origin.message_id) for kept in latest] == [
        (ids[2], "a", "2"),
        (ids[1], "b", "1"),
    ]
    others = await storage.read(lambda work: work.conversations.with_people(Channel.DISCORD, "other"))
    assert [kept.id for kept in others] == [ids[4], ids[3]]
    assert await storage.read(lambda work: work.conversations.with_people(Channel.TELEGRAM)) == []
