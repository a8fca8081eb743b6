"""Buttons and reactions under what stands there."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.domain import Channel, Opinion, User
from tests.support.reception_desk import HERE, ReceptionDesk, virtually


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
