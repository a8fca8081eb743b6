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


@dataclass(frozen=True, slots=True)
class SentPart:
    """A part of a reply as the outbox keeps it. `position` counts from 0; `external_id` is the platform's id of the
    message, empty until it is known; `digest` is of what was sent last, so that an equal edit is spared.
    """

    turn_id: int
    position: int
    state: PartState
    external_id: str = ""
    digest: str = ""


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
