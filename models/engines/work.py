"""What an engine's thread is asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.engines.jobs import Job
from models.engines.schema import SchemaConstraint
from models.types import Caller, GenerationEvent, GenerationRequest


@dataclass(frozen=True)
class Text:
    """A text to write, of at most `limit` tokens after the prompt. `adapter` is the adapter's number, 0 for none.

    `constraint` holds it to the request's schema, if it has one.
    """

    request: GenerationRequest
    prompt: Sequence[int]
    limit: int
    adapter: int = 0
    constraint: SchemaConstraint | None = None


@dataclass(frozen=True)
class Write:
    """A text, and whom it goes to."""

    job: Job[GenerationEvent]
    text: Text


@dataclass(frozen=True)
class Score:
    """Continuations to judge after a prompt."""

    job: Job[list[float]]
    prompt: Sequence[int]
    continuations: Sequence[Sequence[int]]
    caller: Caller


Work = Write | Score
