"""A persona: who the assistant is when it writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Persona:
    """`instructions` and `greeting` map a language code to the text of the system prompt and of the greeting.

    `skill` takes the texts that no other skill claims. `adapter` names a LoRA adapter that it writes with.
    """

    name: str
    instructions: Mapping[str, str]
    description: str = ""
    greeting: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[tuple[str, str], ...] = ()
    skill: str = "answer"
    adapter: str | None = None

    def instructions_for(self, language: str) -> str:
        """The system prompt in that language, else in English, else in whatever language there is."""
        return (
            self.instructions.get(language) or self.instructions.get("en") or next(iter(self.instructions.values()), "")
        )
