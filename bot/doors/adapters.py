"""Which personas name an adapter that their generator does not have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bot.domain import Persona
from bot.doors.models import chosen_models

if TYPE_CHECKING:
    from bot.settings import Settings


def personas_at_fault(personas: Iterable[Persona], settings: Settings) -> list[tuple[Persona, str]]:
    """Those with which nothing could be written, each with what to do. A server's adapters are its own affair: to it
    they are models of that name. Raises SettingsError.
    """
    from models.catalogue import GgufSource, ServerSource

    generators = [spec for spec in chosen_models(settings)["generate"] if not isinstance(spec.source, ServerSource)]
    gguf = next((spec.name for spec in generators if isinstance(spec.source, GgufSource)), "")
    found = []
    for persona in personas:
        if not persona.adapter or not generators:
            continue
        if persona.adapter not in settings.models.adapters:
            cure = f"Describe it in parley.toml under [models.adapters.{persona.adapter}]"
        elif gguf:
            cure = f"{gguf} is a GGUF file, which takes none: name a folder in models.generator"
        else:
            continue
        found.append((persona, f"{cure}, or take the adapter out of the persona."))
    return found
