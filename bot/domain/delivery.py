"""The parts of a reply that were sent, and what people thought of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PartState(StrEnum):
    """Where a part stands. SENDING is written before the platform is called, so a crash in between can be seen."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"  # the platform says never: blocked, deleted


class Doubt(StrEnum):
    """What was done where the platform could not tell whether a message had been sent."""

    NONE = ""  # there was none, or it was settled: by the nonce, or by finding the message
    REPEATED = "repeated"  # it was sent again, and may stand there twice
    LEFT = "left"  # it was not sent again, and may be missing


@dataclass(frozen=True, slots=True)
class SentPart:
    """A part of a reply as the outbox keeps it. `position` counts from 0; `external_id` is the platform's id of the
    message, empty until it is known; `digest` is of what was sent last, so that an equal edit is spared. `hint` is the
    outlet's own, written before the first try: where to look for a message whose sending is in doubt.
    """

    turn_id: int
    position: int
    state: PartState
    external_id: str = ""
    digest: str = ""
    hint: str = ""
    doubt: Doubt = Doubt.NONE


class Opinion(StrEnum):
    """What a person thinks of a reply."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Feedback:
    """An opinion with what it is about, for the operator."""

    turn_id: int
    user_id: int
    opinion: Opinion
    given_at: datetime
    question: str = ""
    answer: str = ""
