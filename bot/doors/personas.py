"""The personas that the operator offers: their own default, those in the data folder, and the shipped examples'."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bot.dialogue.personas import load_persona
from bot.domain import Persona
from bot.errors import SettingsError

log = logging.getLogger(__name__)


class PersonaBook:
    """`bot.ports.Personas`. A folder holds `*.yaml` files, or folders with a `persona.yaml`.

    Of several with one name the first counts, the default before all. A file that cannot be read is left out and
    logged. Reading happens once, when the book is made.
    """

    def __init__(self, default: Persona | None = None, folders: Sequence[Path] = ()) -> None:
        self._default = default
        self._by_name: dict[str, Persona] = {}
        found = (persona for folder in folders for persona in _personas(folder))
        self._add([default] if default else [])
        self._add(found)

    def names(self) -> Sequence[str]:
        return [persona.name for persona in self._by_name.values()]

    def get(self, name: str | None) -> Persona | None:
        """Upper and lower case are the same."""
        return self._default if name is None else self._by_name.get(name.strip().casefold())

    def _add(self, personas: Iterable[Persona]) -> None:
        for persona in personas:
            self._by_name.setdefault(persona.name.strip().casefold(), persona)


def _personas(folder: Path) -> Iterator[Persona]:
    for file in sorted((*folder.glob("*.yaml"), *folder.glob("*/persona.yaml"))):
        try:
            yield load_persona(file)
        except SettingsError as error:
            log.warning("a persona is left out: %s", error)
