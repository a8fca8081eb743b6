"""A turn: one message from a person, and the state of answering it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.origin import Origin


class Channel(StrEnum):
    """A place where people write."""

    TELEGRAM = "telegram"
    DISCORD = "discord"
    WEB = "web"
    CONSOLE = "console"


class TurnState(StrEnum):
    """Where a turn stands. `accepted` and `working` are unfinished; the others are final."""

    ACCEPTED = "accepted"
    WORKING = "working"
    ANSWERED = "answered"
    INTERRUPTED = "interrupted"  # the person stopped it
    FAILED = "failed"
    REPLACED = "replaced"  # its question was edited, or another answer was asked for; history leaves it out


class Delivery(StrEnum):
    """Whether the reply to a turn, or the word that there is none, stands on the platform."""

    PENDING = "pending"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"  # the platform says never: blocked, deleted, forbidden
    WITHDRAWN = "withdrawn"  # the question was deleted: what stands there of the reply is to be taken away
    DIRECT = "direct"  # shown as it is written, with nothing to deliver: the terminal


TO_DO = (Delivery.PENDING, Delivery.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message from a person.

    `update_id` is the platform's own id of the message; (channel, bot, update_id) is unique, so a redelivered
    update changes nothing. `bot` tells several bots on one channel apart. `id` is 0 until storage gives one.
    `attempts` counts how often it was taken up, `excused` how many of those do not speak against it, `stopped` tells
    that the person wants no answer any more, and `reason` is what the person is told of a failed one.
    """

    channel: Channel
    conversation_id: str
    user_id: int
    text: str
    update_id: str
    received_at: datetime
    bot: str = ""
    id: int = 0
    state: TurnState = TurnState.ACCEPTED
    origin: Origin = field(default_factory=Origin)
    delivery: Delivery = Delivery.PENDING
    attempts: int = 0
    stopped: bool = False
    reason: str = ""
    excused: int = 0

    @property
    def unfinished(self) -> bool:
        """Whether it is yet to be answered."""
        return self.state in (TurnState.ACCEPTED, TurnState.WORKING)

    @property
    def tries(self) -> int:
        """How often it was taken up, but for the times when it was handed back on purpose, and for those before an
        operator wanted it tried again: as often as that its process may have died of it.
        """
        return self.attempts - self.excused

    @property
    def to_deliver(self) -> bool:
        """Whether something is yet to be done for it: an answer, or bringing what came of it onto the platform, or
        taking that away.
        """
        return self.delivery in TO_DO and self.state is not TurnState.REPLACED
