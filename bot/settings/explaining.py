"""Says what is wrong with a setting: its name, where it stands, what was found, what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from bot.errors import SettingsError
from bot.masking import show
from bot.settings.tree import Settings
from bot.settings.walk import allowed, field_at, group_at, group_of, leaves

Namer = Callable[[tuple[str, ...]], str]


def explain(error: ValidationError, name: Namer) -> SettingsError:
    """One SettingsError for all that pydantic found; `name` gives a setting's name as its source writes it."""
    return SettingsError("\n".join(_line(dict(item), name) for item in error.errors(include_url=False)))


def unknown(found: str, name: Namer) -> str:
    """The sentence for an environment variable that is no setting, with the likeliest right one."""
    prefix = name(("",))  # shared by all names, so it must not count as likeness
    names = [name(location).removeprefix(prefix) for location, _ in leaves(Settings)]
    close = get_close_matches(found.upper().removeprefix(prefix), names, n=1, cutoff=0.6)
    hint = f"did you mean {prefix}{close[0]}?" if close else "take it away, or see `parley init` for all settings."
    return f"{found} in the environment is not a setting; {hint}"


def _line(item: dict[str, Any], name: Namer) -> str:
    location = tuple(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return _unknown_in_file(location, name)
    if location[-1] == "[key]":  # of a table that has names of the person's own
        return f"{name(location[:-1])} is no name; allowed: small letters and digits, parted by - or _."
    field = field_at(Settings, location)
    if item["type"] == "missing" and field is not None:  # what was found is the whole group, with its secrets
        return f"{name(location)} is missing; it takes {allowed(field)}."
    found = show(".".join(location), item["input"])
    if field is None:  # cannot happen with our fields; say what pydantic said rather than nothing
        return f"{name(location)} is wrong: {item['msg']}."
    group = group_of(field)
    if group:
        return f"{name(location)} is a group of settings ({', '.join(group.model_fields)}), but found {found}."
    wanted = str(item["ctx"]["error"]) if item["type"] == "value_error" else allowed(field)
    return f"{name(location)} is {found}; allowed: {wanted}."


def _unknown_in_file(location: tuple[str, ...], name: Namer) -> str:
    group = group_at(Settings, location[:-1]) or Settings
    siblings = get_close_matches(location[-1], group.model_fields, n=1, cutoff=0.6)
    if siblings:
        return f"{name(location)} is not a setting; did you mean {'.'.join((*location[:-1], siblings[0]))}?"
    # The right name may stand in another group.
    homes = [place for place, _ in leaves(Settings) if place[-1] == location[-1]]
    if homes:
        return f"{name(location)} is not a setting; did you mean {'.'.join(homes[0])}?"
    return f"{name(location)} is not a setting; allowed: {', '.join(group.model_fields)}."
