"""What every storage promises of turns that are replaced, and of finding a turn again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from bot.domain import (
    Attachment,
    Channel,
    File,
    Message,
    Origin,
    Outcome,
    Reply,
    Turn,
    TurnState,
)
from bot.errors import InvalidInput, NotFound
from bot.ports import Storage, UnitOfWork
from tests.support.storage import HERE, NOW, QUESTION, REPLY, accepted, answered, begin, later, turn

FULL = Origin(
    address={"chat": -1001234567890123, "topic": 7, "interaction": "tøken"},
    message_id="815",
    quoted="原话 with 👩🏽‍💻",
    quoted_ours=True,
    files=(File("a b.pdf", "files/1", 12345, "application/pdf"), File("说明.txt", "files/2", 0)),
    locale="zh",
    group=True,
    admin=True,
    replaces=3,
    attempt=2,
)


def sent(work: UnitOfWork, update: str, origin: Origin, bot: str = "", conversation: str = HERE) -> Turn:
    """A turn that came as a platform's message."""
    me = begin(work, conversation)
    return work.turns.accept(Turn(Channel.CONSOLE, conversation, me, QUESTION, update, NOW, bot, origin=origin))[0]


async def state(storage: Storage, turn_id: int) -> TurnState:
    kept = await storage.read(lambda work: work.turns.get(turn_id))
    assert kept is not None
    return kept.state


@pytest.mark.parametrize("origin", [Origin(), FULL, Origin(message_id="1"), Origin(attempt=1)])
async def test_an_origin_comes_back_as_it_went_in(storage: Storage, origin: Origin) -> None:
    kept = await storage.run(lambda work: sent(work, "1", origin))
    again = await storage.read(lambda work: work.turns.get(kept.id))
    redelivered = await storage.run(lambda work: sent(work, "1", Origin(message_id="another")))
    assert again is not None
    assert again.origin == kept.origin == redelivered.origin == origin
    (waiting,) = await storage.read(lambda work: work.turns.unfinished())
    assert waiting.origin == origin


async def test_half_a_character_in_an_origin_is_refused(storage: Storage) -> None:
    with pytest.raises(InvalidInput):
        await storage.run(lambda work: sent(work, "1", Origin(quoted="half \ud83d")))
    assert await storage.read(lambda work: work.turns.unfinished()) == []


async def test_a_reply_comes_back_whole_but_for_its_data(storage: Storage) -> None:
    kept = await storage.run(accepted)
    more = replace(REPLY, attachment=Attachment("a.json", "application/json", b"{}"), data={"best_confidence": 0.5})
    await storage.run(lambda work: work.turns.finish(kept.id, more, NOW))
    assert await storage.read(lambda work: work.turns.reply(kept.id)) == replace(more, data={})


@pytest.mark.parametrize("outcome", list(Outcome))
async def test_replies_of_each_outcome_are_kept(storage: Storage, outcome: Outcome) -> None:
    kept = await storage.run(accepted)
    reply = Reply("text", "help", outcome, "en")
    await storage.run(lambda work: work.turns.finish(kept.id, reply, NOW))
    assert await storage.read(lambda work: work.turns.reply(kept.id)) == reply


async def test_there_is_no_reply_before_it_and_none_where_it_was_broken_off(storage: Storage) -> None:
    kept = await storage.run(accepted)
    assert await storage.read(lambda work: work.turns.reply(kept.id)) is None
    await storage.run(lambda work: work.turns.end(kept.id, TurnState.INTERRUPTED, NOW, "You can ret"))
    assert await storage.read(lambda work: work.turns.reply(kept.id)) is None
    assert await storage.read(lambda work: work.turns.reply(99)) is None


async def test_a_replaced_turn_leaves_history_count_and_title(storage: Storage) -> None:
    def work(work: UnitOfWork) -> int:
        old = answered(work, "1", "What is a refnud?")
        new = accepted(work, "2", "What is a refund?")
        work.turns.replace(old.id, later(5))
        work.turns.finish(new.id, REPLY, later(6))
        return old.id

    old = await storage.run(work)
    history = await storage.read(lambda work: work.conversations.history(HERE, 9))
    assert [message.text for message in history] == ["What is a refund?", REPLY.text]
    (kept,) = await storage.read(lambda work: work.conversations.recent())
    assert (kept.messages, kept.title, kept.updated_at) == (2, "What is a refund?", later(6))
    assert await state(storage, old) is TurnState.REPLACED
    assert await storage.read(lambda work: work.turns.reply(old)) == REPLY


async def test_a_turn_replaced_before_the_next_came_gives_that_one_the_title(storage: Storage) -> None:
    def work(work: UnitOfWork) -> tuple[str, str]:
        work.turns.replace(accepted(work, "1", "first").id, NOW)
        (between,) = work.conversations.recent()
        accepted(work, "2", "second")
        return between.title, work.conversations.recent()[0].title

    assert await storage.run(work) == ("", "second")


@pytest.mark.parametrize("before", [None, TurnState.WORKING, TurnState.INTERRUPTED, TurnState.ANSWERED])
async def test_a_turn_is_replaced_in_whatever_state_it_is_and_stays_so(
    storage: Storage, before: TurnState | None
) -> None:
    def work(work: UnitOfWork) -> tuple[int, Message]:
        kept = accepted(work)
        if before is TurnState.WORKING:
            work.turns.start(kept.id, NOW)
        elif before is TurnState.INTERRUPTED:
            work.turns.end(kept.id, before, NOW, "You can")
        elif before is TurnState.ANSWERED:
            work.turns.finish(kept.id, REPLY, NOW)
        work.turns.replace(kept.id, later(1))
        work.turns.replace(kept.id, later(1))
        work.turns.start(kept.id, later(2))
        work.turns.end(kept.id, TurnState.FAILED, later(3), "text", "reason")
        other = Reply("too late", "chat", Outcome.GENERATED, "en", citations=REPLY.citations)
        return kept.id, work.turns.finish(kept.id, other, later(4))

    turn_id, message = await storage.run(work)
    assert (message.text, message.id, message.turn_id, message.citations) == ("too late", 0, turn_id, REPLY.citations)
    assert await state(storage, turn_id) is TurnState.REPLACED
    assert await storage.read(lambda work: work.conversations.history(HERE, 9)) == []
    assert await storage.read(lambda work: work.turns.unfinished()) == []
    kept = await storage.read(lambda work: work.conversations.get(HERE))
    assert kept is not None
    assert kept.messages == 0


async def test_an_unknown_turn_cannot_be_replaced(storage: Storage) -> None:
    with pytest.raises(NotFound, match="no turn 99"):
        await storage.run(lambda work: work.turns.replace(99, NOW))


async def test_the_turn_of_a_message_is_the_latest_that_it_began(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[int]:
        first = sent(work, "1", Origin(message_id="5")).id
        second = sent(work, "2", Origin(message_id="5", replaces=first)).id
        work.turns.replace(first, NOW)
        sent(work, "3", Origin(message_id="6"))
        sent(work, "4", Origin())
        return [second, sent(work, "5", Origin(message_id="5"), "b").id, sent(work, "6", FULL, conversation="web").id]

    second, of_bot, elsewhere = await storage.run(work)

    async def found(bot: str, conversation: str, message_id: str) -> int | None:
        kept = await storage.read(
            lambda work: work.turns.of_message(Channel.CONSOLE, bot, conversation, message_id),
        )
        return kept.id if kept else None

    assert await found("", HERE, "5") == second
    assert await found("b", HERE, "5") == of_bot
    assert await found("", "web", "815") == elsewhere
    assert await found("", HERE, "815") is None
    assert await found("", HERE, "") is None
    assert await storage.read(lambda work: work.turns.of_message(Channel.WEB, "", HERE, "5")) is None


async def test_the_latest_turn_of_a_person_was_not_replaced(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[int | None]:
        ann = accepted(work, "1", name="ann")
        again = accepted(work, "2", name="ann")
        accepted(work, "3", name="ben")
        accepted(work, "4", conversation="web", name="ann")

        def latest() -> int | None:
            kept = work.turns.latest(HERE, ann.user_id)
            return kept.id if kept else None

        seen = [latest()]
        for old in (again, ann):
            work.turns.replace(old.id, NOW)
            seen.append(latest())
        return [*seen, ann.id, again.id]

    *seen, first, second = await storage.run(work)
    assert seen == [second, first, None]


async def test_turns_are_counted_from_a_moment_on_replaced_ones_too(storage: Storage) -> None:
    def work(work: UnitOfWork) -> int:
        me = begin(work)
        for number in range(4):
            new = replace(turn(me, str(number)), received_at=later(number))
            work.turns.replace(work.turns.accept(new)[0].id, later(9))
        accepted(work, "of another", name="ben")
        return me

    me = await storage.run(work)
    counts = [
        await storage.read(lambda work, s=seconds: work.turns.count_since(me, later(s)))  # type: ignore[misc]
        for seconds in (-1, 0, 1.5, 3, 4)
    ]
    assert counts == [4, 4, 2, 1, 0]
    abroad = later(3).astimezone(timezone(timedelta(hours=-8)))
    assert await storage.read(lambda work: work.turns.count_since(me, abroad)) == 1
