"""Two personas and no file."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain import Persona

TUTOR = Persona("Tutor", {"en": "You teach."}, "Explains.", {"en": "What shall we learn?", "zh": "今天学什么？"})
WRITER = Persona("Writer", {"en": "You write."}, skill="chat")


class TwoPersonas:
    """`bot.ports.Personas`; `default` is the operator's."""

    def __init__(self, default: Persona | None = None) -> None:
        self._default = default

    def names(self) -> Sequence[str]:
        return [TUTOR.name, WRITER.name]

    def get(self, name: str | None) -> Persona | None:
        if name is None:
            return self._default
        return {"tutor": TUTOR, "writer": WRITER}.get(name.casefold())
