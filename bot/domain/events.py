"""What happens while a turn is answered: any number of Working and TextDelta, then one Completed or Failed.

The texts of all TextDelta, joined, equal the text of the completed reply: what a person has read is never taken back.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.reply import Reply


@dataclass(frozen=True, slots=True)
class Working:
    """A step has begun: `searching`, `writing`, `loading`, …

    While it is `waiting` for the model, `place` is how many are before it and `seconds` about how long that takes.
    """

    step: str
    place: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A further piece of the reply's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The reply is whole."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Failed:
    """The turn cannot be answered; `reason` is a sentence for the person, in the language of the turn."""

    reason: str
    code: str = "failed"


Event = Working | TextDelta | Completed | Failed
