"""Conversations, the people in them, and what they said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.domain.reply import Citation, Outcome
from bot.domain.turn import Channel

# Values that people set for a conversation; see `answers` and `interpreted`.
ANSWER = "answer"
TRANSLATE = "translate"


def answers(values: Mapping[str, str]) -> str:
    """When to answer in a group: `mention`, `keyword` or `always`, which a group that is translated needs; empty: as
    the operator set it.
    """
    return "always" if interpreted(values) else values.get(ANSWER, "")


def interpreted(values: Mapping[str, str]) -> tuple[str, ...]:
    """The languages between which every message is translated; none where that was not set."""
    return tuple(code for code in values.get(TRANSLATE, "").split(",") if code)


class Role(StrEnum):
    """Who said a message."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class User:
    """A person on a channel. `external_id` is the platform's own id of the person."""

    channel: Channel
    external_id: str
    display_name: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Conversation:
    """One thread of talk on a channel. `id` is readable and stable, for example `console:default`."""

    id: str
    channel: Channel
    created_at: datetime
    updated_at: datetime
    title: str = ""
    messages: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """What was said, by whom. An interrupted reply keeps the text that the person saw."""

    role: Role
    text: str
    created_at: datetime
    turn_id: int
    language: str = ""
    skill: str = ""
    outcome: Outcome | None = None
    citations: tuple[Citation, ...] = ()
    id: int = 0


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person set: a fixed reply language (None follows the message), a persona's name, and free values."""

    language: str | None = None
    persona: str | None = None
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """A question that the knowledge base could not answer, noted for the operator, with how often it came."""

    text: str
    language: str
    best_confidence: float
    nearest_document: str | None
    first_asked_at: datetime
    last_asked_at: datetime
    times: int = 1
    id: int = 0
