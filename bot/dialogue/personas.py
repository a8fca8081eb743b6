"""Reading a persona's file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from bot.domain import Persona
from bot.errors import SettingsError


def load_persona(path: Path) -> Persona:
    """Read `persona.yaml`, or the folder that holds it. Raises SettingsError, naming the file and what is wrong."""
    file = path / "persona.yaml" if path.is_dir() else path
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"The persona {file} cannot be read: {error.strerror}. Correct dialogue.persona."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark else ""
        raise SettingsError(f"The persona {file}{place} is not valid YAML. Correct it and start again.") from error
    if not isinstance(content, dict) or not _texts(content.get("instructions")):
        raise SettingsError(f"The persona {file} needs `name` and `instructions`, a text for each language.")
    return Persona(
        name=str(content.get("name") or file.parent.name),
        instructions=_texts(content["instructions"]),
        description=str(content.get("description") or ""),
        greeting=_texts(content.get("greeting")),
        examples=_examples(content.get("examples")),
        skill=str(content.get("skill") or "answer"),
        adapter=str(content["adapter"]) if content.get("adapter") else None,
    )


def _texts(value: Any) -> dict[str, str]:
    """A mapping of language to text; a bare text counts as English."""
    if isinstance(value, str):
        return {"en": value.strip()}
    if isinstance(value, dict):
        return {str(language): str(text).strip() for language, text in value.items() if text}
    return {}


def _examples(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list):
        return ()
    return tuple(
        (str(item["user"]), str(item["assistant"]))
        for item in value
        if isinstance(item, dict) and {"user", "assistant"} <= item.keys()
    )
