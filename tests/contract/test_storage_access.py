"""What every storage promises of who is let in."""

from __future__ import annotations

import pytest

from bot.domain import (
    Access,
    AccessState,
    Channel,
    User,
)
from bot.errors import NotFound
from bot.ports import Storage, UnitOfWork
from tests.support.storage import NOW, later

PENDING, ALLOWED, BANNED = AccessState.PENDING, AccessState.ALLOWED, AccessState.BANNED


def person(work: UnitOfWork, name: str, channel: Channel = Channel.TELEGRAM) -> int:
    return work.users.ensure(User(channel, name, name.title())).id


async def test_a_decision_is_kept_changed_and_taken_back(storage: Storage) -> None:
    ann = await storage.run(lambda work: person(work, "ann"))
    assert await storage.read(lambda work: work.access.get(ann)) is None
    waiting = await storage.run(lambda work: work.access.set(ann, PENDING, NOW, "K7QW2M9X"))
    assert waiting == Access(User(Channel.TELEGRAM, "ann", "Ann", ann), PENDING, NOW, "K7QW2M9X")
    assert await storage.read(lambda work: work.access.get(ann)) == waiting
    allowed = await storage.run(lambda work: work.access.set(ann, ALLOWED, later(1), "K7QW2M9X"))
    assert allowed == Access(waiting.user, ALLOWED, later(1))  # the code has done its work
    assert await storage.read(lambda work: work.access.get(ann)) == allowed
    await storage.run(lambda work: work.access.remove(ann))
    await storage.run(lambda work: work.access.remove(ann))
    assert await storage.read(lambda work: work.access.get(ann)) is None


async def test_nobody_cannot_be_let_in(storage: Storage) -> None:
    with pytest.raises(NotFound, match="no person 99"):
        await storage.run(lambda work: work.access.set(99, ALLOWED, NOW))


async def test_a_code_finds_who_waits_with_it_on_that_channel(storage: Storage) -> None:
    def work(work: UnitOfWork) -> tuple[int, int]:
        ann, ben = person(work, "ann"), person(work, "ben", Channel.DISCORD)
        work.access.set(ann, PENDING, NOW, "CODE")
        work.access.set(ben, PENDING, NOW, "CODE")
        work.access.set(person(work, "eve"), BANNED, NOW, "EVIL")
        return ann, ben

    async def found(channel: Channel, code: str) -> int | None:
        entry = await storage.read(lambda work: work.access.by_code(channel, code))
        return entry.user.id if entry else None

    ann, ben = await storage.run(work)
    assert await found(Channel.TELEGRAM, "CODE") == ann
    assert await found(Channel.DISCORD, "CODE") == ben
    assert await found(Channel.WEB, "CODE") is None
    assert await found(Channel.TELEGRAM, "code") is None
    assert await found(Channel.TELEGRAM, "EVIL") is None
    assert await found(Channel.TELEGRAM, "") is None
    await storage.run(lambda work: work.access.set(ann, ALLOWED, NOW))
    assert await found(Channel.TELEGRAM, "CODE") is None


async def test_entries_come_newest_first_with_the_name_of_today(storage: Storage) -> None:
    def work(work: UnitOfWork) -> None:
        for seconds, (name, state) in enumerate([("ann", ALLOWED), ("ben", BANNED), ("cleo", ALLOWED)]):
            work.access.set(person(work, name), state, later(seconds))
        work.users.ensure(User(Channel.TELEGRAM, "ann", "Anna"))

    await storage.run(work)
    everyone = await storage.read(lambda work: work.access.list())
    assert [entry.user.display_name for entry in everyone] == ["Cleo", "Ben", "Anna"]
    assert await storage.read(lambda work: work.access.list(BANNED)) == everyone[1:2]
    assert await storage.read(lambda work: work.access.list(PENDING)) == []
