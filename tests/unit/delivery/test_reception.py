"""What comes in, and what stands there afterwards."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.domain import TurnState
from bot.errors import TryLater
from tests.support.reception_desk import ReceptionDesk, virtually


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
