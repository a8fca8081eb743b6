"""Stopping an answer: whose, when, and said again and again."""

from __future__ import annotations

import asyncio

from bot.domain import TurnState
from tests.support.reception_desk import ReceptionDesk, virtually


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
