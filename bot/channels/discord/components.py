"""Buttons and menus as Discord's components. What one does is in its `custom_id`, so it works after any restart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from discord import ButtonStyle, ComponentType

from bot.delivery.ports import Button

MENU = "menu"  # the custom_id of a menu: what is chosen is the action
MOST_ROWS = 5
MOST_IN_A_ROW = 5
MOST_OPTIONS = 25
MENU_FROM = 4  # so many choices, one a row, are better read in a menu
MOST_LABEL = 80

Rows = Sequence[Sequence[Button]]


def components(rows: Rows, placeholder: str) -> tuple[dict[str, Any], ...]:
    """Rows of buttons; many choices of one a row become a menu. Discord's limits hold: 5 rows of 5, 25 options."""
    single = [row[0] for row in rows if len(row) == 1]
    if len(single) < MENU_FROM:
        return tuple(_row([_button(each) for each in row[:MOST_IN_A_ROW]]) for row in rows[:MOST_ROWS] if row)
    others = [row for row in rows if len(row) > 1]
    menus = [_row([_menu(single[:MOST_OPTIONS], placeholder)])]
    return (*menus, *components(others[: MOST_ROWS - 1], placeholder))


def chosen(data: dict[str, Any]) -> str:
    """The action that a pressed component stands for."""
    values = data.get("values") or ()
    return str(values[0]) if data.get("custom_id") == MENU and values else str(data.get("custom_id", ""))


def _row(children: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": ComponentType.action_row.value, "components": children}


def _button(button: Button) -> dict[str, Any]:
    return {
        "type": ComponentType.button.value,
        "style": ButtonStyle.secondary.value,
        "label": button.label[:MOST_LABEL],
        "custom_id": button.action,
    }


def _menu(buttons: Sequence[Button], placeholder: str) -> dict[str, Any]:
    options = [{"label": each.label[:MOST_LABEL], "value": each.action} for each in buttons]
    return {
        "type": ComponentType.string_select.value,
        "custom_id": MENU,
        "options": options,
        "placeholder": placeholder[:MOST_LABEL],
    }
