"""What every storage promises of people."""

from __future__ import annotations

import pytest

from bot.domain import (
    Channel,
    Opinion,
    Preferences,
    Role,
    User,
)
from bot.errors import NotFound
from bot.ports import Storage, UnitOfWork
from tests.support.storage import HERE, NOW, REPLY, accepted, answered, begin, later


async def test_a_person_is_found_again_and_their_name_follows(storage: Storage) -> None:
    first = await storage.run(lambda work: work.users.ensure(User(Channel.TELEGRAM, "42", "Ann")))
    again = await storage.run(lambda work: work.users.ensure(User(Channel.TELEGRAM, "42", "Anna")))
    nameless = await storage.run(lambda work: work.users.ensure(User(Channel.TELEGRAM, "42")))
    assert first.id > 0
    assert again == User(Channel.TELEGRAM, "42", "Anna", first.id)
    assert nameless == again


async def test_people_of_two_channels_are_two(storage: Storage) -> None:
    ids = {
        (await storage.run(lambda work, c=channel: work.users.ensure(User(c, "42")))).id  # type: ignore[misc]
        for channel in (Channel.TELEGRAM, Channel.DISCORD)
    }
    assert len(ids) == 2


async def test_preferences_are_empty_until_set_and_are_replaced_whole(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[Preferences]:
        me = begin(work)
        seen = [work.users.preferences(me)]
        for preferences in (Preferences("zh", "tutor", {"tone": "暖"}), Preferences(None, "writer", {})):
            work.users.set_preferences(me, preferences)
            seen.append(work.users.preferences(me))
        return seen

    seen = await storage.run(work)
    assert seen == [Preferences(), Preferences("zh", "tutor", {"tone": "暖"}), Preferences(None, "writer", {})]


async def test_preferences_of_nobody_cannot_be_set(storage: Storage) -> None:
    with pytest.raises(NotFound, match="no person 99"):
        await storage.run(lambda work: work.users.set_preferences(99, Preferences("en")))


async def test_a_person_is_known_by_their_id(storage: Storage) -> None:
    ann = await storage.run(lambda work: work.users.ensure(User(Channel.TELEGRAM, "42", "Ann")))
    assert await storage.read(lambda work: work.users.get(ann.id)) == ann
    assert await storage.read(lambda work: work.users.get(99)) is None


def fill_a_group(work: UnitOfWork) -> tuple[int, int]:
    """Ann and Ben in a group, and Ann alone; gives their ids."""
    first = answered(work, "1", "Ann asks", "group", "ann")
    second = answered(work, "2", "Ben asks", "group", "ben")
    answered(work, "3", "Ann, too", "group", "ann")
    answered(work, "4", "Ann alone", "private", "ann")
    work.parts.sent(first.id, 0, 0, "10", "d")
    work.parts.sent(second.id, 0, 0, "11", "d")
    for voter in (first.user_id, second.user_id):
        work.opinions.give(first.id, voter, Opinion.GOOD, NOW)
        work.opinions.give(second.id, voter, Opinion.BAD, NOW)
    return first.user_id, second.user_id


async def test_all_that_a_person_said_comes_with_its_conversation_and_the_replies(storage: Storage) -> None:
    ann, _ = await storage.run(fill_a_group)
    said = await storage.read(lambda work: work.users.messages(ann))
    assert [(home.id, message.text) for home, message in said if message.role is Role.USER] == [
        ("group", "Ann asks"),
        ("group", "Ann, too"),
        ("private", "Ann alone"),
    ]
    assert [message.citations for _, message in said if message.role is Role.ASSISTANT] == [REPLY.citations] * 3
    assert said[0][0].messages == 6
    assert await storage.read(lambda work: work.users.messages(99)) == []


async def test_what_was_replaced_is_still_kept_and_so_exported(storage: Storage) -> None:
    def work(work: UnitOfWork) -> int:
        kept = answered(work)
        work.turns.replace(kept.id, later(2))
        return kept.user_id

    me = await storage.run(work)
    assert len(await storage.read(lambda work: work.users.messages(me))) == 2


async def test_forgetting_a_person_in_a_group_leaves_the_others(storage: Storage) -> None:
    ann, ben = await storage.run(fill_a_group)
    assert await storage.run(lambda work: work.users.forget(ann, "group")) == 4
    history = await storage.read(lambda work: work.conversations.history("group", 9))
    assert [message.text for message in history] == ["Ben asks", REPLY.text]
    group = await storage.read(lambda work: work.conversations.get("group"))
    private = await storage.read(lambda work: work.conversations.get("private"))
    assert group is not None
    assert private is not None
    assert (group.messages, group.title) == (2, "Ben asks")
    assert private.messages == 2
    (left,) = await storage.read(lambda work: work.opinions.list())
    assert (left.user_id, left.question) == (ben, "Ben asks")  # Ann's opinion of Ben's answer went with her
    assert await storage.read(lambda work: work.parts.turn_of(Channel.CONSOLE, "", "group", "10")) is None
    assert await storage.read(lambda work: work.parts.turn_of(Channel.CONSOLE, "", "group", "11")) is not None


async def test_forgetting_a_person_everywhere_leaves_empty_conversations_without_their_words(storage: Storage) -> None:
    ann, _ = await storage.run(fill_a_group)
    assert await storage.run(lambda work: work.users.forget(ann)) == 6
    private = await storage.read(lambda work: work.conversations.get("private"))
    assert private is not None
    assert (private.messages, private.title) == (0, "")
    assert await storage.read(lambda work: work.users.messages(ann)) == []
    assert await storage.run(lambda work: work.users.forget(ann)) == 0
    assert await storage.read(lambda work: work.users.get(ann)) is not None


async def test_the_turn_that_asks_to_forget_may_stay(storage: Storage) -> None:
    def work(work: UnitOfWork) -> tuple[int, int]:
        answered(work, "1", "secret")
        asking = accepted(work, "2", "/forget yes")
        return work.users.forget(asking.user_id, HERE, asking.id), asking.id

    assert (await storage.run(work))[0] == 2
    kept = await storage.read(lambda work: work.conversations.get(HERE))
    assert kept is not None
    assert (kept.messages, kept.title) == (1, "/forget yes")


async def test_forgetting_counts_and_takes_replaced_messages_too(storage: Storage) -> None:
    def work(work: UnitOfWork) -> int:
        old = answered(work, "1", "first wording")
        accepted(work, "2", "second wording")
        work.turns.replace(old.id, later(2))
        return work.users.forget(old.user_id)

    assert await storage.run(work) == 3
    kept = await storage.read(lambda work: work.conversations.get(HERE))
    assert kept is not None
    assert kept.messages == 0
