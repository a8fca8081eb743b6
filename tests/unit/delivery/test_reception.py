"""What comes in, and what stands there afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.delivery.access import AccessOptions
from bot.domain import Channel, Opinion, TurnState, User
from bot.errors import StorageError, TryLater
from tests.support.reception_desk import HERE, ReceptionDesk
from tests.support.virtual_time import run_virtually

NOW = datetime(2026, 11, 26, tzinfo=UTC)

Test = Callable[..., Coroutine[Any, Any, None]]


def virtually(test: Test) -> Callable[..., None]:
    """Run a test in virtual time; what it is given is the desk."""

    def run() -> None:
        async def main() -> None:
            desk = ReceptionDesk()
            await test(desk)
            desk.skill.go_on.set()
            await desk.reception.aclose()

        run_virtually(main())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@virtually
async def test_a_conversation(desk: ReceptionDesk) -> None:
    for said in ("hello there", "你好", "offer"):
        await desk.says(said)
    await asyncio.sleep(10)
    assert desk.texts == ["hello there", "你好", "offer"]
    assert await desk.presses("Second?") is not None
    await asyncio.sleep(10)
    assert desk.texts[-1] == "Second?"


@virtually
async def test_an_answer_in_one_piece_is_one_message_and_no_call_more(desk: ReceptionDesk) -> None:
    await desk.says("word")
    await asyncio.sleep(10)
    assert desk.platform.methods() == ["send"]


@virtually
async def test_receive_returns_before_the_answer_and_a_redelivered_update_is_nothing_new(desk: ReceptionDesk) -> None:
    incoming = desk.incoming("slow one")
    turn = await desk.reception.receive(incoming)
    assert turn is not None and await desk.state(turn) is TurnState.ACCEPTED
    assert await desk.reception.receive(incoming) is None
    desk.skill.go_on.set()
    await asyncio.sleep(10)
    assert desk.texts == ["slow one"] and len(desk.skill.heard) == 1


@virtually
async def test_typing_is_shown_as_long_as_nothing_else_is(desk: ReceptionDesk) -> None:
    await desk.says("slow one")
    await asyncio.sleep(9)
    assert desk.platform.methods("working") == ["working"] * 3
    desk.skill.go_on.set()
    await asyncio.sleep(20)
    assert desk.platform.methods()[-1] != "working"


@virtually
async def test_stop_does_not_wait_behind_the_answer_that_it_stops(desk: ReceptionDesk) -> None:
    running, waiting = await desk.says("slow one"), await desk.says("two")
    await asyncio.sleep(3)
    assert await desk.says("/stop@parley") is None
    await asyncio.sleep(3)
    assert desk.texts == ["slow\n(stopped)"]
    assert [await desk.state(turn) for turn in (running, waiting)] == [TurnState.INTERRUPTED] * 2
    await desk.says("/stop")  # it is stopped; the platform may have given the same again
    await asyncio.sleep(3)
    assert desk.texts == ["slow\n(stopped)"]
    await desk.says("hello")
    await asyncio.sleep(3)
    await desk.says("/stop")
    await asyncio.sleep(3)
    assert desk.texts[-1] == "There is nothing to stop."


@virtually
async def test_another_person_stops_nothing_but_an_admin_may(desk: ReceptionDesk) -> None:
    await desk.says("slow one", group=True)
    await asyncio.sleep(3)
    await desk.says("/stop", who="2", group=True)
    assert (await desk.presses("⏹ Stop", who="2")).text == "Only the person who asked can do that."
    await asyncio.sleep(3)
    assert desk.texts == ["slow", "There is nothing to stop."]
    assert (await desk.presses("⏹ Stop", who="3", admin=True, locale="zh")).text == "已停止。"
    await asyncio.sleep(3)
    assert desk.texts[0] == "slow\n(stopped)"


@virtually
async def test_buttons_of_another_place_or_time_have_expired(desk: ReceptionDesk) -> None:
    await desk.says("hello")
    await asyncio.sleep(3)
    again, good = desk.actions("🔄")[0], desk.actions("👍")[0]
    expired = "This button has expired."
    assert (await desk.acts(good, "1", "telegram:other")).text == expired
    assert (await desk.acts("p1:good:999")).text == expired
    assert (await desk.acts("old format")).text == expired
    assert (await desk.acts(again.replace("again", "say") + ":0")).text == expired
    assert (await desk.acts(again.replace("again", "stop"))).text == "The answer is already complete."
    assert (await desk.acts(again)).text == ""
    assert (await desk.acts(again)).text == expired  # the first press has replaced the turn
    await asyncio.sleep(5)
    assert desk.texts == ["hello"] and [request.attempt for request in desk.skill.heard] == [0, 1]
    assert (await desk.presses("🔄", who="2")).text == "Only the person who asked can do that."


@virtually
async def test_an_edit_while_the_first_edit_waits_still_takes_the_message_over(desk: ReceptionDesk) -> None:
    first = await desk.says("slow one", message="m")
    await asyncio.sleep(3)
    assert desk.texts == ["slow"]
    second = await desk.edits("m", "two")
    third = await desk.edits("m", "three")  # before the second has begun
    await asyncio.sleep(5)
    assert desk.texts == ["three"]
    assert [await desk.state(turn) for turn in (first, second)] == [TurnState.REPLACED] * 2
    assert await desk.state(third) is TurnState.ANSWERED
    assert await desk.edits("m", " three ") is None  # nothing is changed by it
    assert await desk.edits("m", "theirs", who="2") is None
    assert await desk.edits("unknown", "x") is None
    assert await desk.edits("", "x") is None


@virtually
async def test_a_question_deleted_while_it_is_answered(desk: ReceptionDesk) -> None:
    turn = await desk.says("slow one", message="m")
    await asyncio.sleep(3)
    assert desk.texts == ["slow"]
    await desk.reception.deleted(Channel.TELEGRAM, "parley", HERE, "m")
    await asyncio.sleep(3)
    assert desk.texts == [] and await desk.state(turn) is TurnState.INTERRUPTED
    await desk.says("done", message="n")
    await asyncio.sleep(3)
    await desk.reception.deleted(Channel.TELEGRAM, "parley", HERE, "n")
    assert desk.texts == ["done"]  # an answered question's answer stays


@virtually
async def test_reactions_are_opinions(desk: ReceptionDesk) -> None:
    await desk.says("hello")
    await asyncio.sleep(3)
    message, user = next(iter(desk.platform.messages)), User(Channel.TELEGRAM, "2")

    async def given() -> list[Opinion]:
        return [entry.opinion for entry in await desk.desk.storage.read(lambda work: work.opinions.list())]

    assert await desk.reception.opinion(user, HERE, message, Opinion.BAD, "parley")
    assert await given() == [Opinion.BAD]
    assert await desk.reception.opinion(user, HERE, message, None, "parley")
    assert await given() == []
    assert not await desk.reception.opinion(user, HERE, "other", Opinion.BAD, "parley")


@virtually
async def test_what_cannot_be_worked_on_is_told_in_the_language_of_the_person(desk: ReceptionDesk) -> None:
    assert await desk.says("   ", locale="zh") is None
    assert await desk.says("x" * 9000) is None
    await asyncio.sleep(5)
    assert desk.texts[0] == "消息是空的。请输入问题，或输入 /help。"
    assert desk.texts[1].startswith("Your message is too long")


@virtually
async def test_a_closed_reception_hands_back_what_is_late(desk: ReceptionDesk) -> None:
    running, waiting = await desk.says("slow one"), await desk.says("two")
    await asyncio.sleep(3)
    await desk.reception.aclose(deadline=1.0)
    assert [await desk.state(turn) for turn in (running, waiting)] == [TurnState.WORKING, TurnState.ACCEPTED]
    kept = await desk.says("three")  # kept, though nobody works any more
    desk.start()
    desk.skill.go_on.set()
    assert await desk.reception.resume(desk.outlets) == 3
    assert await desk.reception.resume(desk.outlets) == 0
    await asyncio.sleep(10)
    assert desk.texts == ["slow one", "two", "three"] and await desk.state(kept) is TurnState.ANSWERED


@virtually
async def test_a_channel_that_is_down_keeps_its_turns(desk: ReceptionDesk) -> None:
    desk.reception.close_channel(desk.outlets)
    turn = await desk.says("hello")
    await asyncio.sleep(3)
    assert desk.texts == [] and await desk.state(turn) is TurnState.ACCEPTED
    desk.reception.open(desk.outlets)
    assert await desk.reception.resume(desk.outlets) == 1
    await asyncio.sleep(3)
    assert desk.texts == ["hello"]


@virtually
async def test_flood_control_is_waited_for_to_the_second_and_no_text_is_lost(desk: ReceptionDesk) -> None:
    asked: list[float] = []

    def flood(method: str) -> None:
        if method == "send" and not asked:
            asked.append(asyncio.get_running_loop().time())
            raise TryLater("Flood.", after=30.0)

    desk.platform.fault = flood
    await desk.says("one two three")
    await asyncio.sleep(60)
    assert desk.texts == ["one two three"]
    later = [call.at for call in desk.platform.calls if call.method != "working" and call.at > asked[0] + 0.001]
    assert 30 <= later[0] - asked[0] < 31


@pytest.mark.parametrize(("policy", "told"), [("allowlist", 1), ("pairing", 1), ("open", 0)])
def test_strangers_are_told_what_to_do(policy: str, told: int) -> None:
    async def main() -> None:
        desk = ReceptionDesk(AccessOptions(policy))  # type: ignore[arg-type]
        turn = await desk.says("hello")
        await asyncio.sleep(5)
        assert (turn is None) == bool(told) and len(desk.texts) >= 1
        assert ("hello" in desk.texts) is not bool(told)
        assert (await desk.acts("p1:good:1")).alert is (policy == "pairing")  # the other sentence was said already
        await desk.reception.aclose()

    run_virtually(main())


def test_the_banned_get_silence() -> None:
    async def main() -> None:
        desk = ReceptionDesk(AccessOptions(ban=frozenset({"telegram:1"})))
        for said in ("hello", "/stop", "", "x" * 9000):
            assert await desk.says(said) is None
        assert (await desk.acts("p1:good:1")).text == ""
        await asyncio.sleep(5)
        assert desk.platform.calls == []
        await desk.reception.aclose()

    run_virtually(main())


@virtually
async def test_a_message_that_is_being_sent_at_the_end_is_known_afterwards(desk: ReceptionDesk) -> None:
    desk.platform.delay = 2.0
    turn = await desk.says("word")
    await asyncio.sleep(1.5)
    assert turn is not None and desk.texts == ["word"]  # it stands there, and we have not heard of it yet
    await desk.reception.aclose(deadline=0.0)
    parts = await desk.desk.storage.read(lambda work: work.parts.of_turn(turn.id))
    assert [part.external_id for part in parts] == list(desk.platform.messages)


@virtually
async def test_a_suggestion_that_is_pressed_twice_is_said_once(desk: ReceptionDesk) -> None:
    await desk.says("offer")
    await asyncio.sleep(3)
    await desk.says("slow one", who="2")
    first, second = desk.actions("First?")[0], desk.actions("Second?")[0]
    assert (await desk.acts(first)).text == ""
    assert (await desk.acts(first)).text == "I am still writing this answer."
    assert (await desk.acts(first, "2")).text == (await desk.acts(second)).text == ""
    desk.skill.go_on.set()
    await asyncio.sleep(10)
    assert desk.texts == ["offer", "slow one", "First?", "First?", "Second?"]
    assert (await desk.acts(first)).text == ""  # later it may be asked again


@virtually
async def test_presses_at_the_same_instant_make_one_other_answer(desk: ReceptionDesk) -> None:
    await desk.says("hello")
    await asyncio.sleep(3)
    again, storage = desk.actions("🔄")[0], desk.desk.storage
    run = storage.run

    async def together(work: Any) -> Any:
        found = await run(work)
        await asyncio.sleep(0.1)
        return found

    storage.run = together  # type: ignore[method-assign]
    told = await asyncio.gather(desk.acts(again), desk.acts(again))
    await asyncio.sleep(10)
    assert sorted(notice.text for notice in told) == ["", "This button has expired."]
    assert desk.texts == ["hello"] and len(desk.skill.heard) == 2


@virtually
async def test_edits_at_the_same_instant_leave_one_answer(desk: ReceptionDesk) -> None:
    await desk.says("one", message="m")
    await asyncio.sleep(3)
    storage = desk.desk.storage
    read = storage.read

    async def together(work: Any) -> Any:
        found = await read(work)
        await asyncio.sleep(0.1)
        return found

    storage.read = together  # type: ignore[method-assign]
    await asyncio.gather(desk.edits("m", "two"), desk.edits("m", "three"))
    await asyncio.sleep(10)
    assert desk.texts == ["three"]


@virtually
async def test_a_question_that_is_edited_to_stop_is_stopped(desk: ReceptionDesk) -> None:
    turn = await desk.says("slow one", message="m")
    await asyncio.sleep(3)
    assert await desk.edits("m", "/stop") is None
    await asyncio.sleep(3)
    assert desk.texts == ["slow\n(stopped)"] and await desk.state(turn) is TurnState.INTERRUPTED


@virtually
async def test_one_who_says_stop_again_and_again_does_not_hold_up_others(desk: ReceptionDesk) -> None:
    desk.platform.delay = 2.0
    for _ in range(50):
        await desk.says("/stop", group=True)
    await asyncio.sleep(60)
    assert desk.texts == ["There is nothing to stop."]
    await desk.says("/stop", group=True)
    await asyncio.sleep(10)
    assert desk.texts == ["There is nothing to stop."] * 2


@virtually
async def test_stop_under_an_answer_that_waits_to_be_taken_up_again(desk: ReceptionDesk) -> None:
    first = await desk.says("slow one", group=True)
    await asyncio.sleep(3)
    await desk.reception.aclose(deadline=0.0)
    stop = desk.actions("⏹ Stop")[0]
    desk.start()
    await desk.says("slow two", who="2", group=True)
    await asyncio.sleep(1)
    await desk.reception.resume(desk.outlets)
    assert (await desk.acts(stop)).text == "Stopped."
    desk.skill.go_on.set()
    await asyncio.sleep(10)
    assert await desk.state(first) is TurnState.INTERRUPTED
    assert desk.texts == ["(stopped)", "slow two"]
    assert [request.text for request in desk.skill.heard].count("slow one") == 1  # it was not begun anew


def test_a_reaction_of_a_stranger_keeps_nothing_of_them_and_costs_no_sentence() -> None:
    async def main() -> None:
        desk = ReceptionDesk(AccessOptions("allowlist", allow=frozenset({"telegram:1"})))
        await desk.says("hello")
        await asyncio.sleep(3)
        message, stranger = next(iter(desk.platform.messages)), User(Channel.TELEGRAM, "2")
        for about in (message, "other"):
            assert not await desk.reception.opinion(stranger, HERE, about, Opinion.BAD, "parley")
        assert await desk.desk.storage.read(lambda work: work.opinions.list()) == []
        assert await desk.desk.storage.read(lambda work: [work.users.get(id_) for id_ in range(10)].count(None)) == 9
        await desk.says("hello", who="2")
        await asyncio.sleep(3)
        assert desk.texts[-1] == "Sorry, I only answer people whom the operator has let in."
        assert await desk.reception.opinion(stranger, HERE, message, Opinion.BAD, "parley", admin=True)
        await desk.reception.aclose()

    run_virtually(main())


@virtually
async def test_an_edit_does_not_wait_for_a_platform_that_does_not_answer(desk: ReceptionDesk) -> None:
    """Whoever takes updates in would wait as well, and everybody behind it."""
    await desk.says("slow one", message="m")
    desk.platform.delay = 40.0
    await asyncio.sleep(5)
    before = asyncio.get_running_loop().time()
    assert await desk.edits("m", "two") is not None
    assert asyncio.get_running_loop().time() - before < 1
    desk.platform.delay = 0.0
    await asyncio.sleep(100)
    assert desk.texts == ["two"]


@virtually
async def test_a_message_that_is_taken_in_while_the_channel_breaks_is_answered_once(desk: ReceptionDesk) -> None:
    storage, incoming = desk.desk.storage, desk.incoming("hello")
    run = storage.run

    async def slow(work: Any) -> Any:  # as a database: what was begun is done, whoever waits for it
        await asyncio.sleep(1)
        return await run(work)

    storage.run = lambda work: asyncio.shield(asyncio.ensure_future(slow(work)))  # type: ignore[assignment,return-value]
    taking = asyncio.create_task(desk.reception.receive(incoming))
    await asyncio.sleep(0.5)
    taking.cancel()
    desk.reception.close_channel(desk.outlets)
    await asyncio.sleep(5)
    desk.reception.open(desk.outlets)
    assert await desk.reception.resume(desk.outlets) == 1
    assert await desk.reception.receive(incoming) is None  # the platform gives it again
    await asyncio.sleep(10)
    assert desk.texts == ["hello"] and len(desk.skill.heard) == 1


@virtually
async def test_a_database_that_is_busy_for_a_moment_costs_no_answer(desk: ReceptionDesk) -> None:
    turn = await desk.says("slow one two three")
    await asyncio.sleep(3)
    storage = desk.desk.storage
    run, left = storage.run, [3]

    async def busy(work: Any) -> Any:
        if left[0] > 0:
            left[0] -= 1
            raise StorageError("The database is busy.")
        return await run(work)

    storage.run = busy  # type: ignore[method-assign]
    desk.skill.go_on.set()
    await asyncio.sleep(30)
    assert desk.texts == ["slow one two three"] and await desk.state(turn) is TurnState.ANSWERED
    left[0] = 10**6  # for longer: the answer comes once the database is well again
    storage.run = run  # type: ignore[method-assign]
    await desk.says("offer")
    storage.run = busy  # type: ignore[method-assign]
    await asyncio.sleep(60)
    assert len(desk.texts) == 1
    storage.run = run  # type: ignore[method-assign]
    await asyncio.sleep(60)
    assert len(desk.texts) == 2


@virtually
async def test_a_database_that_is_away_when_an_answer_begins_costs_no_answer(desk: ReceptionDesk) -> None:
    storage = desk.desk.storage
    run, away = storage.run, [False]

    async def sometimes(work: Any) -> Any:
        if away[0]:
            raise StorageError("The database is away.")
        return await run(work)

    storage.run = sometimes  # type: ignore[method-assign]
    start = desk.desk.conductor.answer

    def answer(*arguments: Any) -> Any:
        away[0] = True  # taken up, and not begun
        return start(*arguments)

    desk.desk.conductor.answer = answer  # type: ignore[method-assign]
    turn = await desk.says("hello")
    await asyncio.sleep(120)
    assert desk.texts == []
    desk.desk.conductor.answer = start  # type: ignore[method-assign]
    away[0] = False
    await asyncio.sleep(120)
    assert desk.texts == ["hello"] and await desk.state(turn) is TurnState.ANSWERED


@virtually
async def test_a_message_that_was_kept_and_could_not_be_queued_is_queued_when_it_is_given_again(
    desk: ReceptionDesk,
) -> None:
    queue = desk.reception._answering.queue
    put = queue.put

    async def away(*arguments: Any) -> bool:
        raise StorageError("The database is away.")

    queue.put = away  # type: ignore[method-assign]
    incoming = desk.incoming("hello")
    with pytest.raises(StorageError):
        await desk.reception.receive(incoming)
    queue.put = put  # type: ignore[method-assign]
    assert await desk.reception.receive(incoming) is None
    await asyncio.sleep(10)
    assert desk.texts == ["hello"]


@virtually
async def test_one_that_was_paused_does_not_end_the_turn_that_is_anothers_by_now(desk: ReceptionDesk) -> None:
    turn = await desk.says("steady 1 2 3 4 5 6 7 8 9")
    await asyncio.sleep(3)
    assert turn is not None
    await desk.desk.storage.run(lambda work: work.deliveries.take_up(turn.id, NOW))  # as another process does
    await asyncio.sleep(3)
    assert await desk.state(turn) is TurnState.WORKING


@virtually
async def test_a_stop_that_is_given_again_stops_nothing_that_was_asked_since(desk: ReceptionDesk) -> None:
    await desk.says("slow one", message="1")
    await asyncio.sleep(3)
    await desk.says("/stop", message="2")
    await asyncio.sleep(3)
    later = await desk.says("slow two", message="3")
    await asyncio.sleep(3)
    await desk.says("/stop", message="2")
    desk.skill.go_on.set()
    await asyncio.sleep(10)
    assert desk.texts == ["slow\n(stopped)", "slow two"]
    assert await desk.state(later) is TurnState.ANSWERED
