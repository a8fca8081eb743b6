"""Where a part is looked for, when nobody knows whether it was sent."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.delivery.outbox import Outbox
from bot.delivery.pacing import Pacer
from bot.delivery.ports import Shown
from bot.domain import Channel, PartState, SentPart, Turn, User
from bot.errors import DeliveryError, TryLater
from bot.ports import UnitOfWork
from bot.storage.memory import MemoryStorage
from tests.support.outlet import QUICK, MemoryOutlet, Platform

NOW = datetime(2026, 11, 26, tzinfo=UTC)
TEXT = "0123456789abcdefghij"


class Fresh(MemoryOutlet):
    """An outlet of a process that has just begun: it knows of no message but those that it is told of."""

    def hint(self, after: str = "") -> str:
        return super().hint(after) if after else "0"


def accept(work: UnitOfWork) -> Turn:
    work.conversations.ensure("here", Channel.TELEGRAM, NOW)
    user = work.users.ensure(User(Channel.TELEGRAM, "1"))
    return work.turns.accept(Turn(Channel.TELEGRAM, "here", user.id, "hi", "1", NOW, "b"))[0]


async def test_a_part_is_not_taken_from_before_the_part_that_it_follows() -> None:
    """The first part stands there twice, as its first copy was not found; then the second part is in doubt as well."""
    storage, platform = MemoryStorage(), Platform(forgetful=True)
    outlet = Fresh(platform, "here", limit=10)
    turn = await storage.run(accept)
    parts = outlet.render(Shown(TEXT))
    await outlet.send(parts[0], "")
    first = await outlet.send(parts[0], "")
    await storage.run(lambda work: work.parts.sending(turn.id, 0, 0))
    await storage.run(lambda work: work.parts.sent(turn.id, 0, 0, first, parts[0].digest))
    known = [SentPart(turn.id, 0, PartState.SENT, first, parts[0].digest)]
    lost = [TryLater("Its answer was lost.", doubtful=True)]

    def fault(method: str) -> DeliveryError | None:
        return lost.pop() if method == "send" and lost else None

    platform.fault = fault
    await Outbox(storage, turn, outlet, Pacer(QUICK), known).finish(parts)
    assert not lost
    assert platform.texts("here") == [TEXT[:10], TEXT[:10], TEXT[10:]]
