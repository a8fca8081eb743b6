"""What every storage promises of the outbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain import (
    Channel,
    PartState,
)
from bot.errors import NotFound
from bot.ports import Storage, UnitOfWork
from tests.support.storage import HERE, NOW, accepted, begin, turn

SENDING, SENT, FAILED = PartState.SENDING, PartState.SENT, PartState.FAILED


async def parts_of(storage: Storage, turn_id: int) -> list[tuple[int, PartState, str, str]]:
    found = await storage.read(lambda work: work.parts.of_turn(turn_id))
    assert all(part.turn_id == turn_id for part in found)
    return [(part.position, part.state, part.external_id, part.digest) for part in found]


async def test_a_part_is_noted_before_it_is_sent_and_once_it_is(storage: Storage) -> None:
    kept = await storage.run(accepted)
    assert await parts_of(storage, kept.id) == []
    await storage.run(lambda work: work.parts.sending(kept.id, 0, 0))
    assert await parts_of(storage, kept.id) == [(0, SENDING, "", "")]
    await storage.run(lambda work: work.parts.sent(kept.id, 0, 0, "900", "abc"))
    assert await parts_of(storage, kept.id) == [(0, SENT, "900", "abc")]


async def test_a_part_that_is_edited_keeps_its_message_and_nobody_trusts_its_old_digest(storage: Storage) -> None:
    kept = await storage.run(accepted)
    await storage.run(lambda work: work.parts.sent(kept.id, 0, 0, "900", "abc"))
    await storage.run(lambda work: work.parts.sending(kept.id, 0, 0))
    assert await parts_of(storage, kept.id) == [(0, SENDING, "900", "")]
    await storage.run(lambda work: work.parts.failed(kept.id, 0, 0))
    assert await parts_of(storage, kept.id) == [(0, FAILED, "900", "")]


async def test_parts_come_by_position_and_can_be_taken_out(storage: Storage) -> None:
    def work(work: UnitOfWork) -> int:
        kept = accepted(work)
        for position in (10, 2, 0):
            work.parts.sent(kept.id, position, 0, str(position), "")
        work.parts.removed(kept.id, 2, 0)
        work.parts.removed(kept.id, 77, 0)
        return kept.id

    assert [part[0] for part in await parts_of(storage, await storage.run(work))] == [0, 10]


@pytest.mark.parametrize(
    "action",
    [
        lambda work: work.parts.sending(99, 0, 0),
        lambda work: work.parts.sent(99, 0, 0, "1", ""),
        lambda work: work.parts.failed(99, 0, 0),
        lambda work: work.parts.take_over(1, 99),
    ],
    ids=["sending", "sent", "failed", "take_over"],
)
async def test_parts_of_an_unknown_turn_are_not_found(storage: Storage, action: Callable[[UnitOfWork], None]) -> None:
    with pytest.raises(NotFound, match="no turn 99"):
        await storage.run(action)
    assert await parts_of(storage, 99) == []


async def test_the_parts_of_a_replaced_turn_become_those_of_the_new_one(storage: Storage) -> None:
    def work(work: UnitOfWork) -> tuple[int, int]:
        old, new = accepted(work, "1"), accepted(work, "2")
        work.parts.sent(old.id, 0, 0, "900", "abc")
        work.parts.sending(old.id, 1, 0)
        work.turns.replace(old.id, NOW)
        work.parts.take_over(old.id, new.id)
        work.parts.take_over(old.id, new.id)
        work.parts.take_over(new.id, new.id)
        return old.id, new.id

    old, new = await storage.run(work)
    assert await parts_of(storage, old) == []
    assert await parts_of(storage, new) == [(0, SENT, "900", "abc"), (1, SENDING, "", "")]


async def test_parts_taken_over_late_follow_those_that_are_there(storage: Storage) -> None:
    def work(work: UnitOfWork) -> int:
        old, new = accepted(work, "1"), accepted(work, "2")
        for position in (0, 1):
            work.parts.sent(old.id, position, 0, f"old{position}", "")
        work.parts.sent(new.id, 0, 0, "new", "")
        work.parts.take_over(old.id, new.id)
        return new.id

    assert [part[::2] for part in await parts_of(storage, await storage.run(work))] == [
        (0, "new"),
        (1, "old0"),
        (2, "old1"),
    ]


async def test_the_turn_of_a_platforms_message_is_found(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[int]:
        ids = []
        for update, home, bot in (("1", "a", ""), ("2", "b", ""), ("3", "a", "x")):
            new = replace(turn(begin(work, home), update, conversation=home), bot=bot)
            ids.append(work.turns.accept(new)[0].id)
            work.parts.sent(ids[-1], 0, 0, "900", "")
            work.parts.sending(ids[-1], 1, 0)
        return ids

    async def found(channel: Channel, bot: str, home: str, external_id: str) -> int | None:
        kept = await storage.read(lambda work: work.parts.turn_of(channel, bot, home, external_id))
        return kept.id if kept else None

    first, second, third = await storage.run(work)
    assert await found(Channel.CONSOLE, "", "a", "900") == first
    assert await found(Channel.CONSOLE, "", "b", "900") == second
    assert await found(Channel.CONSOLE, "x", "a", "900") == third
    assert await found(Channel.DISCORD, "", "a", "900") is None
    assert await found(Channel.CONSOLE, "", "a", "901") is None
    assert await found(Channel.CONSOLE, "", "a", "") is None


async def test_parts_go_with_their_conversation(storage: Storage) -> None:
    kept = await storage.run(accepted)
    await storage.run(lambda work: work.parts.sent(kept.id, 0, 0, "900", ""))
    await storage.run(lambda work: work.conversations.forget(HERE))
    assert await parts_of(storage, kept.id) == []
