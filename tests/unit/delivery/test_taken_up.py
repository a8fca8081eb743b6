"""An answer that is written anew, over what an earlier run of it left on the platform."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.delivery.outbox import Outbox
from bot.delivery.pacing import Pacer
from bot.delivery.ports import Part, Shown
from bot.domain import Channel, Turn, User
from bot.errors import DeliveryError, TryLater
from bot.ports import UnitOfWork
from bot.storage.memory import MemoryStorage
from tests.support.outlet import QUICK, MemoryOutlet, Platform

NOW = datetime(2026, 11, 26, tzinfo=UTC)
TEXT = "0123456789abcdefghijABCDE"


def accept(work: UnitOfWork) -> Turn:
    work.conversations.ensure("here", Channel.TELEGRAM, NOW)
    user = work.users.ensure(User(Channel.TELEGRAM, "1"))
    return work.turns.accept(Turn(Channel.TELEGRAM, "here", user.id, "hi", "1", NOW, "b"))[0]


class Talk:
    """One turn, and a run after another that presents it."""

    def __init__(self) -> None:
        self.storage, self.platform = MemoryStorage(), Platform()
        self.outlet = MemoryOutlet(self.platform, "here", limit=10)

    async def begin(self) -> Outbox:
        self.turn = await self.storage.run(accept)
        return await self.again()

    async def again(self, settling: float = 0.0) -> Outbox:
        """What the next process makes of it."""
        self.turn = replace(self.turn, attempts=self.turn.attempts + 1)
        await self.storage.run(lambda work: work.deliveries.take_up(self.turn.id, NOW))
        known = await self.storage.read(lambda work: list(work.parts.of_turn(self.turn.id)))
        return Outbox(self.storage, self.turn, self.outlet, Pacer(replace(QUICK, settling=settling)), known)

    def parts(self, text: str, finished: bool = False) -> Sequence[Part]:
        return self.outlet.render(Shown(text if finished else text + "…"))

    def texts(self) -> list[str]:
        return self.platform.texts("here")


@pytest.mark.parametrize("noted", [True, False])
async def test_an_edit_that_a_crash_kept_from_being_noted_is_made_good(noted: bool) -> None:
    """The first part is whole. A second run writes it anew from its beginning, and breaks off; the third has it all."""
    talk = Talk()
    await (await talk.begin()).grow(talk.parts(TEXT)[:1])
    assert talk.texts() == [TEXT[:10]]
    lost = [] if noted else [TryLater("Its answer was lost.", doubtful=True)]

    def fault(method: str) -> DeliveryError | None:
        return lost.pop() if lost else None

    talk.platform.fault = fault
    second = await talk.again()
    if noted:
        await second.grow(talk.parts(TEXT[:4]))
    else:
        with pytest.raises(TryLater):
            await second.grow(talk.parts(TEXT[:4]))
    assert talk.texts() == [TEXT[:4] + "…"]
    await (await talk.again()).finish(talk.parts(TEXT, finished=True))
    assert talk.texts() == [TEXT[:10], TEXT[10:20], TEXT[20:]]


async def test_what_stands_is_not_cut_off_while_the_answer_is_written_anew() -> None:
    talk = Talk()
    await (await talk.begin()).grow(talk.parts(TEXT[:18]))
    shown = talk.texts()
    second = await talk.again()
    for length in (2, 8, 9):
        await second.grow(talk.parts(TEXT[:length]))
        assert talk.texts() == shown
    await second.grow(talk.parts(TEXT[:14]))
    assert talk.texts() == [TEXT[:10], TEXT[10:14] + "…"]
    await second.finish(talk.parts("Short.", finished=True))
    assert talk.texts() == ["Short."]


@pytest.mark.parametrize("settling", [0.0, 0.4])
async def test_a_message_of_a_killed_process_is_waited_for(settling: float) -> None:
    """It was on its way. Looked for at once it is not there yet, and is sent a second time."""
    talk = Talk()
    talk.platform.forgetful = True
    await talk.begin()
    hint = talk.outlet.hint()
    await talk.storage.run(lambda work: work.parts.sending(talk.turn.id, 0, talk.turn.attempts, hint))
    talk.platform.delay = 0.4
    killed = asyncio.create_task(talk.outlet.send(talk.parts("Whole.", finished=True)[0], ""))
    await asyncio.sleep(0)
    talk.platform.delay = 0.0
    await (await talk.again(settling)).finish(talk.parts("Whole.", finished=True))
    await killed
    assert talk.texts() == ["Whole."] * (1 if settling else 2)


@pytest.mark.parametrize("settling", [0.0, 0.4])
async def test_an_edit_of_a_killed_process_does_not_come_after_the_next_ones(settling: float) -> None:
    talk = Talk()
    await (await talk.begin()).grow(talk.parts("Wh"))
    talk.platform.delay = 0.4
    killed = asyncio.create_task(talk.outlet.edit("m1", talk.parts("Who")[0]))
    await asyncio.sleep(0)
    talk.platform.delay = 0.0
    await (await talk.again(settling)).finish(talk.parts("Whole.", finished=True))
    await killed
    assert talk.texts() == ["Whole." if settling else "Who…"]
