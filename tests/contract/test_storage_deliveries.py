"""What every storage promises of turns on their way to the platform."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain import Attachment, Channel, Delivery, Doubt, Origin, Outcome, PartState, Reply, Turn, TurnState, User
from bot.errors import NotFound, TakenOver
from bot.ports import Storage, UnitOfWork
from tests.support.storage import NOW, REPLY, later

HERE = "telegram:1"


def kept(work: UnitOfWork, update: str = "1", conversation: str = HERE, bot: str = "b", message_id: str = "") -> Turn:
    work.conversations.ensure(conversation, Channel.TELEGRAM, NOW)
    user = work.users.ensure(User(Channel.TELEGRAM, "1"))
    turn = Turn(Channel.TELEGRAM, conversation, user.id, "hi", update, NOW, bot, origin=Origin(message_id=message_id))
    return work.turns.accept(turn)[0]


async def test_a_turn_waits_until_it_is_delivered_whatever_becomes_of_it(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[str]:
        turns = [kept(work, name) for name in ("open", "answered", "failed", "replaced", "delivered", "never")]
        work.turns.finish(turns[1].id, REPLY, NOW)
        work.turns.end(turns[2].id, TurnState.FAILED, NOW, "", "Sorry.")
        work.turns.replace(turns[3].id, NOW)
        for turn, delivery in zip(turns[4:], (Delivery.DELIVERED, Delivery.UNDELIVERABLE), strict=True):
            work.deliveries.ended(turn.id, delivery, 0)
        kept(work, "another bot's", bot="c")
        return [turn.update_id for turn in work.deliveries.waiting(Channel.TELEGRAM, "b")]

    assert await storage.run(work) == ["open", "answered", "failed"]


async def test_taking_up_counts_and_gives_the_turn_as_it_is(storage: Storage) -> None:
    turn = await storage.run(kept)
    first = await storage.run(lambda work: work.deliveries.take_up(turn.id, NOW))
    assert first == replace(turn, attempts=1, state=TurnState.WORKING)
    await storage.run(lambda work: work.turns.end(turn.id, TurnState.FAILED, NOW, "half", "Sorry."))
    second = await storage.run(lambda work: work.deliveries.take_up(turn.id, NOW))
    assert second is not None
    assert (second.attempts, second.state, second.reason, second.unfinished) == (2, TurnState.FAILED, "Sorry.", False)
    assert await storage.read(lambda work: work.turns.seen(turn.id)) == "half"


@pytest.mark.parametrize("end", ["delivered", "replaced", "unknown"])
async def test_what_needs_nothing_is_not_taken_up(storage: Storage, end: str) -> None:
    def work(work: UnitOfWork) -> Turn | None:
        turn = kept(work)
        if end == "delivered":
            work.deliveries.ended(turn.id, Delivery.DELIVERED, 0)
        elif end == "replaced":
            work.turns.replace(turn.id, NOW)
        return work.deliveries.take_up(turn.id if end != "unknown" else 99, NOW)

    assert await storage.run(work) is None


async def test_what_is_handed_back_does_not_count_as_a_try(storage: Storage) -> None:
    turn = await storage.run(kept)
    for attempt in (1, 2, 3):
        await storage.run(lambda work: work.deliveries.take_up(turn.id, NOW))
        if attempt != 2:
            await storage.run(lambda work, at=attempt: work.deliveries.handed_back(turn.id, at))  # type: ignore[misc]
    known = await storage.read(lambda work: work.turns.get(turn.id))
    assert known is not None
    assert (known.attempts, known.excused, known.tries) == (3, 2, 1)
    with pytest.raises(NotFound):
        await storage.run(lambda work: work.deliveries.handed_back(99, 1))


async def test_what_an_operator_wants_tried_again_begins_anew_and_keeps_its_token(storage: Storage) -> None:
    def work(work: UnitOfWork) -> Turn | None:
        turn = kept(work)
        for _ in range(3):
            work.deliveries.take_up(turn.id, NOW)
        work.turns.end(turn.id, TurnState.FAILED, NOW, "", "Sorry.")
        assert work.deliveries.again(turn.id)
        return work.turns.get(turn.id)

    known = await storage.run(work)
    assert known is not None
    assert (known.attempts, known.tries) == (3, 0)


async def test_who_was_overtaken_changes_nothing_any_more(storage: Storage) -> None:
    def begin(work: UnitOfWork) -> int:
        turn = kept(work)
        work.deliveries.take_up(turn.id, NOW)
        work.parts.sent(turn.id, 0, 1, "900", "abc")
        work.deliveries.take_up(turn.id, NOW)
        return turn.id

    turn = await storage.run(begin)
    for change in (
        lambda work: work.parts.sending(turn, 1, 1),
        lambda work: work.parts.sent(turn, 0, 1, "901", "d"),
        lambda work: work.parts.failed(turn, 0, 1),
        lambda work: work.parts.doubted(turn, 0, 1, Doubt.REPEATED),
        lambda work: work.parts.removed(turn, 0, 1),
        lambda work: work.deliveries.ended(turn, Delivery.DELIVERED, 1),
        lambda work: work.deliveries.handed_back(turn, 1),
    ):
        with pytest.raises(TakenOver):
            await storage.run(change)
    (part,) = await storage.read(lambda work: work.parts.of_turn(turn))
    assert (part.state, part.external_id, part.digest) == (PartState.SENT, "900", "abc")
    await storage.run(lambda work: work.parts.sent(turn, 0, 2, "900", "new"))


async def test_a_file_stays_until_it_is_delivered(storage: Storage) -> None:
    file = Attachment("export.json", "application/json", b"\x00{}\xff")
    reply = Reply("Here.", "export", Outcome.SERVICE, "en", attachment=file)

    def finish(work: UnitOfWork) -> int:
        turn = kept(work)
        work.turns.finish(turn.id, reply, NOW)
        return turn.id

    turn = await storage.run(finish)
    before = await storage.read(lambda work: work.turns.reply(turn))
    assert before is not None
    assert before.attachment == file
    await storage.run(lambda work: work.deliveries.ended(turn, Delivery.DELIVERED, 0))
    after = await storage.read(lambda work: work.turns.reply(turn))
    assert after is not None
    assert (after.text, after.attachment) == ("Here.", None)


async def test_the_backlog_counts_what_is_yet_to_be_answered(storage: Storage) -> None:
    def work(work: UnitOfWork) -> tuple[int, int]:
        for number in range(3):
            kept(work, str(number))
        kept(work, "elsewhere", "telegram:2")
        work.turns.finish(kept(work, "done").id, REPLY, NOW)
        work.conversations.ensure("console:1", Channel.CONSOLE, NOW)
        me = work.users.ensure(User(Channel.CONSOLE, "me")).id
        work.turns.accept(Turn(Channel.CONSOLE, "console:1", me, "hi", "c", NOW, delivery=Delivery.DIRECT))
        return work.deliveries.backlog(HERE)

    assert await storage.run(work) == (4, 3)


async def test_a_stopped_turn_says_so_to_whoever_takes_it_up(storage: Storage) -> None:
    turn = await storage.run(kept)
    await storage.run(lambda work: work.deliveries.stop(turn.id))
    taken = await storage.run(lambda work: work.deliveries.take_up(turn.id, NOW))
    assert taken is not None
    assert taken.stopped
    with pytest.raises(NotFound):
        await storage.run(lambda work: work.deliveries.stop(99))


async def test_the_operator_sees_what_is_in_trouble_and_has_it_tried_again(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[int]:
        turns = [kept(work, str(number)) for number in range(4)]
        work.turns.end(turns[0].id, TurnState.FAILED, NOW, "", "Sorry.")
        work.deliveries.ended(turns[0].id, Delivery.DELIVERED, 0)
        work.turns.finish(turns[1].id, REPLY, NOW)
        work.deliveries.ended(turns[1].id, Delivery.UNDELIVERABLE, 0)
        work.parts.sending(turns[2].id, 0, 0, "77")
        work.parts.doubted(turns[2].id, 0, 0, Doubt.REPEATED)
        return [turn.id for turn in turns]

    ids = await storage.run(work)
    assert [turn.id for turn in await storage.read(lambda work: work.deliveries.troubled())] == [ids[2], ids[1], ids[0]]
    again = [await storage.run(lambda work, id_=id_: work.deliveries.again(id_)) for id_ in [*ids, 99]]  # type: ignore[misc]
    assert again == [True, True, False, False, False]
    waiting = await storage.read(lambda work: work.deliveries.waiting(Channel.TELEGRAM, "b"))
    assert [(turn.id, turn.state) for turn in waiting][:2] == [
        (ids[0], TurnState.ACCEPTED),
        (ids[1], TurnState.ANSWERED),
    ]


async def test_a_hint_is_kept_with_the_part_and_known_ids_are_known(storage: Storage) -> None:
    def work(work: UnitOfWork) -> int:
        turn = kept(work)
        work.parts.sending(turn.id, 0, 0, "41")
        work.parts.sent(turn.id, 1, 0, "900", "")
        return turn.id

    turn = await storage.run(work)
    first, _ = await storage.read(lambda work: work.parts.of_turn(turn))
    assert (first.state, first.hint, first.doubt) == (PartState.SENDING, "41", Doubt.NONE)
    await storage.run(lambda work: work.parts.sent(turn, 0, 0, "42", "d"))
    first, _ = await storage.read(lambda work: work.parts.of_turn(turn))
    assert (first.external_id, first.hint) == ("42", "41")


async def test_known_messages_are_parts_of_replies_and_what_people_wrote(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[dict[str, set[str]]]:
        turn, other = kept(work), kept(work, "elsewhere", "telegram:2", message_id="41")
        theirs = kept(work, "another bot's", "telegram:3", bot="c", message_id="40")
        for place, external_id in ((turn, "900"), (other, "42"), (theirs, "42"), (other, "900")):
            work.parts.sending(place.id, int(external_id), 0)
            work.parts.sent(place.id, int(external_id), 0, external_id, "")
        found = [work.parts.known(each, ["900", "40", "41", "42", "43"]) for each in (turn, theirs)]
        return [{key: set(value) for key, value in each.items()} for each in found]

    assert await storage.run(work) == [
        {"900": {"telegram:1", "telegram:2"}, "41": {"telegram:2"}, "42": {"telegram:2"}},
        {"40": {"telegram:3"}, "42": {"telegram:3"}},
    ]
    assert not await storage.read(lambda work: work.parts.known(work.turns.get(1), []))  # type: ignore[arg-type]


async def test_what_was_accepted_before_and_waits_still(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[list[str]]:
        turns = [kept(work, name) for name in ("done", "waits", "answered")]
        kept(work, "elsewhere", "telegram:2")
        kept(work, "another bot's", bot="c")
        work.deliveries.ended(turns[0].id, Delivery.DELIVERED, 0)
        work.turns.finish(turns[2].id, REPLY, NOW)
        work.turns.replace(kept(work, "replaced").id, NOW)
        last = kept(work, "last")
        return [[turn.update_id for turn in work.deliveries.before(id_)] for id_ in (last.id, turns[1].id, 99)]

    assert await storage.run(work) == [["waits", "answered"], [], []]


async def test_unfinished_turns_of_one_conversation(storage: Storage) -> None:
    def work(work: UnitOfWork) -> list[str]:
        kept(work, "1")
        kept(work, "2", "telegram:2")
        work.turns.start(kept(work, "3").id, later(1))
        return [turn.update_id for turn in work.turns.unfinished(HERE)]

    assert await storage.run(work) == ["1", "3"]
