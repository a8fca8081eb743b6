"""Buttons and select menus, as a person uses them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .basics import Json
from .interactions import COMPONENT, Interaction, find_part

if TYPE_CHECKING:
    from .channels import Channel
    from .messages import Message
    from .people import Person

_STRING_SELECT = 3
_SELECTS = {_STRING_SELECT, 5, 6, 7, 8}


def _may_touch(person: Person, message: Message) -> None:
    assert not message.deleted, "The message is gone."
    assert message.visible_to in (None, person), f"{person.name} does not see this message."


async def press(person: Person, message: Message, label: str, wait: bool) -> Interaction:
    _may_touch(person, message)
    button = find_part(message.components, label, {2}, ("label",))
    assert button is not None, f"There is no button {label!r}, only {message.buttons}."
    assert not button.get("disabled"), f"The button {label!r} is disabled."
    assert "custom_id" in button, f"The button {label!r} is a link."
    data = {"custom_id": button["custom_id"], "component_type": 2, "id": button.get("id", 0)}
    return await Interaction(person.world, person, message.channel, COMPONENT, data, message).starts(wait)


async def select(
    person: Person, message: Message, chosen: Sequence[str | Person | Channel], menu: str | None, wait: bool
) -> Interaction:
    _may_touch(person, message)
    part = _menu(message, menu)
    assert not part.get("disabled"), "The menu is disabled."
    low, high = part.get("min_values", 1), part.get("max_values", 1)
    assert low <= len(chosen) <= high, f"The menu takes {low} to {high} choices."
    data: Json = {"custom_id": part["custom_id"], "component_type": part["type"], "id": part.get("id", 0)}
    if part["type"] == _STRING_SELECT:
        data["values"] = [_option(part, str(one)) for one in chosen]
    else:
        data |= _resolved(person, message, chosen)
    return await Interaction(person.world, person, message.channel, COMPONENT, data, message).starts(wait)


def _menu(message: Message, name: str | None) -> Json:
    if name is not None:
        found = find_part(message.components, name, _SELECTS, ("placeholder",))
        assert found is not None, f"There is no menu {name!r}."
        return found
    menus = [part for part in message.parts() if part["type"] in _SELECTS]
    assert len(menus) == 1, f"There are {len(menus)} menus; name one."
    return menus[0]


def _option(part: Json, wanted: str) -> str:
    for option in part.get("options", []):
        if wanted in (option["label"], option["value"]):
            return str(option["value"])
    raise AssertionError(f"The menu has no option {wanted!r}: {[option['label'] for option in part['options']]}")


def _resolved(person: Person, message: Message, chosen: Sequence[str | Person | Channel]) -> Json:
    from .commanding import resolve

    resolved: Json = {}
    values = [resolve(one, message.channel, resolved) for one in chosen]
    return {"values": values, "resolved": resolved}
