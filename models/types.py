"""The values that go into and come out of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a chat prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What to generate. `temperature` 0 is greedy; `stop` strings end the text and are not part of it.

    `person` is who asked, for fairness (empty: nobody's); a lower `priority` goes first. `deadline` is in seconds from
    now: what is not done by then ends with what there is. `adapter` names a LoRA adapter of the engine. `schema` is a
    JSON schema that the text must fit, where the engine can hold it to one.
    """

    messages: tuple[ChatMessage, ...]
    max_new_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.0
    stop: tuple[str, ...] = ()
    seed: int | None = None
    person: str = ""
    priority: int = 0
    deadline: float | None = None
    adapter: str | None = None
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for work that a task makes several requests of; see GenerationRequest."""

    person: str = ""
    priority: int = 0


NOBODY = Caller()


class FinishReason(StrEnum):
    """Why a generation ended."""

    STOP = "stop"  # end-of-sequence token or stop string
    LENGTH = "length"  # max_new_tokens or the context is full
    CANCELLED = "cancelled"
    DEADLINE = "deadline"  # the request's time was over


@dataclass(frozen=True, slots=True)
class Waiting:
    """The request waits: how many are before it (0: it is next), and about how many seconds that takes."""

    place: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A piece of generated text: whole characters only, in order. `model` is what writes it, where several might."""

    text: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of every generation, with token counts for the ledger.

    `reused_tokens` of the prompt were not computed again. `model` is what wrote the text, where several might have.
    """

    reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    reused_tokens: int = 0
    model: str = ""

    @classmethod
    def nothing(cls) -> Finished:
        """A generation that has not said anything yet."""
        return cls(FinishReason.STOP, 0, 0)


GenerationEvent = Waiting | TextChunk | Finished
"""What a generation yields: any number of Waiting and TextChunk, then one Finished."""


def signed(event: GenerationEvent, model: str) -> GenerationEvent:
    """The event with the name of the model that wrote it, unless it has one."""
    if isinstance(event, TextChunk | Finished) and not event.model:
        return replace(event, model=model)
    return event


@dataclass(frozen=True, slots=True)
class Prediction:
    """A label with its probability, and those of the others (they sum to 1)."""

    label: str
    probability: float
    distribution: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Translation:
    """A translated text, and what translated it."""

    text: str
    source: str
    target: str
    model: str


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary; `extracted` if it consists of the source's own sentences, `chosen` are then their positions.

    `partial`: the model did not shorten a long text enough, so that some of it was left out on the way.
    """

    text: str
    extracted: bool
    model: str
    chosen: tuple[int, ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model of the registry: about how many bytes it takes once it is loaded, and how many use it at this moment."""

    name: str
    tasks: tuple[str, ...]
    bytes: int
    loaded: bool
    users: int
