"""What an operator should know of turns: those that wait, and those that went wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain import Delivery, Doubt, Turn, TurnState
from bot.ports import UnitOfWork


class Why(StrEnum):
    """What there is to know of a turn."""

    WAITING = "waiting"  # to be answered, or what came of it to be brought onto the platform
    FAILED = "failed"  # it could not be answered, and the person was told so
    UNDELIVERABLE = "undeliverable"  # the platform takes nothing for that place any more
    IN_DOUBT = "in doubt"  # a part of its reply may stand there twice, or be missing


@dataclass(frozen=True, slots=True)
class Noted:
    """A turn with what there is to know of it; how many parts were sent again, or left, in doubt."""

    turn: Turn
    why: Why
    repeated: int = 0
    left: int = 0

    @property
    def explanation(self) -> str:
        """Why, in words that hold nothing of what people wrote."""
        doubts = [f"{count} {_parts(count)} may {doubt}" for count, doubt in self._doubts() if count]
        return "; ".join([self._about(), *doubts] if self.why is not Why.IN_DOUBT else doubts)

    def _doubts(self) -> Sequence[tuple[int, str]]:
        return (self.repeated, "stand there twice"), (self.left, "be missing")

    def _about(self) -> str:
        turn = self.turn
        if self.why is Why.FAILED:
            return "no answer came about, and the person was told so"
        if self.why is Why.UNDELIVERABLE:
            return "the platform takes nothing there any more: the bot was blocked, or the place is gone"
        if turn.delivery is Delivery.WITHDRAWN:
            return "its question was deleted, and its reply is to be taken away"
        if not turn.unfinished:
            return f"answered, and not delivered whole yet (taken up {turn.attempts} ×)"
        return f"to be answered (taken up {turn.attempts} ×)" if turn.attempts else "to be answered; nobody has begun"


def look(work: UnitOfWork, limit: int = 100) -> list[Noted]:
    """What waits, oldest first; then what went wrong, newest first; of each at most so many."""
    waiting = [_noted(work, turn, Why.WAITING) for turn in work.deliveries.pending(limit)]
    return waiting + [_noted(work, turn, _why(turn)) for turn in work.deliveries.troubled(limit) if not turn.to_deliver]


def _why(turn: Turn) -> Why:
    if turn.delivery is Delivery.UNDELIVERABLE:
        return Why.UNDELIVERABLE
    return Why.FAILED if turn.state is TurnState.FAILED else Why.IN_DOUBT


def _noted(work: UnitOfWork, turn: Turn, why: Why) -> Noted:
    doubts = Counter(part.doubt for part in work.parts.of_turn(turn.id))
    return Noted(turn, why, doubts[Doubt.REPEATED], doubts[Doubt.LEFT])


def _parts(count: int) -> str:
    return "message" if count == 1 else "messages"
