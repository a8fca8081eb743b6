"""A reply: what the assistant says to a turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How an answer came about."""

    CURATED = "curated"  # an FAQ entry's answer, word for word
    GENERATED = "generated"  # written by a model
    QUOTED = "quoted"  # passages of the knowledge base, word for word
    UNKNOWN = "unknown"  # nothing in the knowledge base is close enough
    SERVICE = "service"  # Parley's own words: help, settings, what was deleted; no answer


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a reply comes from. `passage` is the cited text; `start` and `end` its offsets in the document."""

    document: str
    title: str
    passage: str
    score: float
    passage_id: str = ""
    start: int = 0
    end: int = 0
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A button under a reply: its label, and the text that counts as said when it is pressed."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a reply."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the assistant says to a turn.

    `notice` is a remark of Parley's own beside the text, shown under it (for example that a curated answer exists in
    another language only). `suggestions` are questions that a channel offers as buttons; `choices` are buttons with a
    text behind them. `private`: only the person who asked should see it, where the channel can do that.
    `timings_ms` names each step (search, generate,
    total, …) in milliseconds. `model` is the engine that wrote it, None where no model did.
    """

    text: str
    skill: str
    outcome: Outcome
    language: str
    citations: tuple[Citation, ...] = ()
    suggestions: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    attachment: Attachment | None = None
    private: bool = False
    notice: str = ""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    model: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    data: Mapping[str, object] = field(default_factory=dict)  # a skill's result for machines, e.g. probabilities
