"""What every storage promises of turns."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.domain import (
    Channel,
    Outcome,
    Reply,
    Role,
    Turn,
    TurnState,
)
from bot.errors import NotFound
from bot.ports import Storage, UnitOfWork
from tests.support.storage import HERE, NOW, REPLY, accepted, begin, later, turn


async def test_an_accepted_turn_is_kept_with_its_message(storage: Storage) -> None:
    kept = await storage.run(accepted)
    assert kept.id > 0
    assert kept.state is TurnState.ACCEPTED
    assert await storage.run(lambda work: work.turns.get(kept.id)) == kept
    (message,) = await storage.run(lambda work: work.conversations.history(HERE, 9))
    assert (message.role, message.text, message.turn_id, message.created_at) == (Role.USER, kept.text, kept.id, NOW)


async def test_a_redelivered_update_changes_nothing(storage: Storage) -> None:
    first = await storage.run(accepted)
    await storage.run(lambda work: work.turns.start(first.id, NOW))
    again, new = await storage.run(lambda work: work.turns.accept(turn(begin(work), text="edited")))
    assert not new
    assert (again.id, again.text, again.state) == (first.id, first.text, TurnState.WORKING)
    assert len(await storage.run(lambda work: work.conversations.history(HERE, 9))) == 1


async def test_two_bots_may_get_updates_of_the_same_id(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[bool]:
        me = begin(work)
        return [work.turns.accept(Turn(Channel.TELEGRAM, HERE, me, "hi", "1", NOW, bot))[1] for bot in ("a", "b", "a")]

    assert await storage.run(work) == [True, True, False]


async def test_a_turn_needs_its_conversation_and_its_person(storage: Storage) -> None:
    with pytest.raises(NotFound, match="no conversation nowhere"):
        await storage.run(lambda work: work.turns.accept(turn(begin(work), conversation="nowhere")))
    with pytest.raises(NotFound, match="no person 99"):
        await storage.run(lambda work: (begin(work), work.turns.accept(turn(99))))


async def test_a_reply_is_kept_with_its_citations(storage: Storage) -> None:
    kept = await storage.run(accepted)
    await storage.run(lambda work: work.turns.start(kept.id, later(1)))
    message = await storage.run(lambda work: work.turns.finish(kept.id, REPLY, later(2)))
    assert message.citations == REPLY.citations
    assert (message.text, message.language, message.skill, message.outcome) == (
        REPLY.text,
        "zh",
        "answer",
        Outcome.CURATED,
    )
    assert (message.role, message.turn_id, message.created_at) == (Role.ASSISTANT, kept.id, later(2))
    history = await storage.run(lambda work: work.conversations.history(HERE, 1))
    assert history == [message]
    after = await storage.run(lambda work: work.turns.get(kept.id))
    assert after is not None
    assert after.state is TurnState.ANSWERED


async def test_an_answered_turn_is_final(storage: Storage) -> None:
    kept = await storage.run(accepted)
    first = await storage.run(lambda work: work.turns.finish(kept.id, REPLY, NOW))
    other = Reply("another", "chat", Outcome.GENERATED, "en")
    assert await storage.run(lambda work: work.turns.finish(kept.id, other, later(1))) == first
    await storage.run(lambda work: work.turns.end(kept.id, TurnState.FAILED, later(2), "text", "reason"))
    await storage.run(lambda work: work.turns.start(kept.id, later(3)))
    after = await storage.run(lambda work: work.turns.get(kept.id))
    assert after is not None
    assert after.state is TurnState.ANSWERED
    assert len(await storage.run(lambda work: work.conversations.history(HERE, 9))) == 2


@pytest.mark.parametrize("state", [TurnState.INTERRUPTED, TurnState.FAILED])
async def test_a_broken_off_turn_keeps_what_the_person_saw(storage: Storage, state: TurnState) -> None:
    kept = await storage.run(accepted)
    await storage.run(lambda work: work.turns.end(kept.id, state, later(1), "You can ret", "stopped"))
    history = await storage.run(lambda work: work.conversations.history(HERE, 9))
    assert [message.text for message in history] == [kept.text, "You can ret"]
    assert history[1].outcome is None
    after = await storage.run(lambda work: work.turns.get(kept.id))
    assert after is not None
    assert after.state is state


async def test_a_turn_broken_off_before_any_text_leaves_no_empty_message(storage: Storage) -> None:
    kept = await storage.run(accepted)
    await storage.run(lambda work: work.turns.end(kept.id, TurnState.INTERRUPTED, later(1)))
    assert len(await storage.run(lambda work: work.conversations.history(HERE, 9))) == 1


async def test_a_broken_off_turn_can_be_finished_and_the_whole_reply_takes_its_place(storage: Storage) -> None:
    def work(work: UnitOfWork) -> None:
        kept = accepted(work)
        work.turns.end(kept.id, TurnState.FAILED, later(1), "You can")
        work.turns.start(kept.id, later(2))
        work.turns.finish(kept.id, REPLY, later(3))

    await storage.run(work)
    history = await storage.run(lambda work: work.conversations.history(HERE, 9))
    assert [message.text for message in history][1:] == [REPLY.text]
    kept = await storage.run(lambda work: work.conversations.get(HERE))
    assert kept is not None
    assert kept.messages == 2


async def test_a_turn_cannot_end_as_answered(storage: Storage) -> None:
    kept = await storage.run(accepted)
    with pytest.raises(ValueError, match="cannot end as answered"):
        await storage.run(lambda work: work.turns.end(kept.id, TurnState.ANSWERED, NOW))


@pytest.mark.parametrize(
    "action",
    [
        lambda work: work.turns.start(99, NOW),
        lambda work: work.turns.finish(99, REPLY, NOW),
        lambda work: work.turns.end(99, TurnState.FAILED, NOW),
    ],
    ids=["start", "finish", "end"],
)
async def test_an_unknown_turn_is_not_found(storage: Storage, action: Callable[[UnitOfWork], object]) -> None:
    assert await storage.run(lambda work: work.turns.get(99)) is None
    with pytest.raises(NotFound, match="no turn 99"):
        await storage.run(action)


async def test_unfinished_turns_are_those_accepted_and_working_oldest_first(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[int]:
        ids = [accepted(work, str(number)).id for number in range(5)]
        work.turns.start(ids[1], NOW)
        work.turns.finish(ids[0], REPLY, NOW)
        work.turns.end(ids[3], TurnState.FAILED, NOW)
        return ids

    ids = await storage.run(work)
    waiting = await storage.run(lambda work: work.turns.unfinished())
    assert [(kept.id, kept.state) for kept in waiting] == [
        (ids[1], TurnState.WORKING),
        (ids[2], TurnState.ACCEPTED),
        (ids[4], TurnState.ACCEPTED),
    ]
