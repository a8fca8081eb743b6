"""Writes `parley.toml`: every setting with its description, those that were answered set, the others commented out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.masking import MASK, is_secret_name, mask
from bot.settings.tree import Settings
from bot.settings.walk import allowed, group_of, leaves, table_of

_HEAD = """\
# Parley's settings. Lines that begin with "# name =" show the default; take the "# " away to change one.
# An environment variable is stronger: PARLEY_MODELS__DEVICE sets device under [models].
# Relative paths count from this file's folder.
"""


def render_toml(answers: Mapping[str, Any] | None = None) -> str:
    """The commented file; `answers` is a tree such as {"models": {"device": "cpu"}} of what to set in it."""
    return _HEAD + "\n" + "\n".join(_group(Settings, answers or {}, ())).rstrip() + "\n"


def describe(settings: Settings) -> dict[str, str]:
    """Each setting's dotted name with its value for a person to read; secrets are masked."""
    shown: dict[str, str] = {}
    for location, field in leaves(Settings):
        value: Any = settings
        for name in location:
            value = getattr(value, name)
        if table_of(field):
            value = ", ".join(value)
        dotted = ".".join(location)
        shown[dotted] = MASK if value and is_secret_name(dotted) else mask("" if value is None else str(value))
    return shown


def _group(model: type[BaseModel], answers: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[str]:
    # TOML wants a table's own values before its sub-tables.
    for name, field in model.model_fields.items():
        if group_of(field) is None:
            yield from _setting(name, field, answers)
    for name, field in model.model_fields.items():
        group = group_of(field)
        if group is not None:
            yield from _table(group, answers.get(name, {}), (*at, name))


def _table(group: type[BaseModel], answers: Mapping[str, Any], at: tuple[str, ...]) -> Iterator[str]:
    if group.__doc__:
        yield f"# {group.__doc__.strip()}"
    yield f"[{'.'.join(at)}]"
    yield from _group(group, answers, at)


def _setting(name: str, field: FieldInfo, answers: Mapping[str, Any]) -> Iterator[str]:
    shown, note = _sample(name, field)
    yield f"# {field.description} ({allowed(field)}{note})"
    answer = answers.get(name)
    yield f"# {name} = {_value(shown)}" if answer is None else f"{name} = {_value(answer)}"
    yield ""


def _sample(name: str, field: FieldInfo) -> tuple[object, str]:
    """What the commented line shows: the default, or an example where there is none, and a remark that it is one."""
    if name == "home":  # the default is a place on this machine, and the file may travel
        return "./parley-data", "; an example, by default the platform's folder for data"
    default = field.get_default()
    if not default and default is not False and default != 0 and field.examples:
        return field.examples[0], "; an example, not set by default"
    return (default, "") if default is not None else ((field.examples or [""])[0], "; an example, not set by default")


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name} = {_value(item)}' for name, item in value.items())}}}"
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    text = value.as_posix() if isinstance(value, Path) else str(value)
    # A JSON string is a TOML one, but for the one control character that JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
