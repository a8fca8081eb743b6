"""Commands are written over only where they differ from what is there."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bot.channels.discord.sync import alike

ASK: dict[str, Any] = {
    "name": "ask",
    "description": "Ask",
    "name_localizations": {"zh-CN": "提问"},
    "nsfw": False,
    "default_member_permissions": None,
    "options": [
        {"type": 3, "name": "question", "description": "What?", "required": True, "autocomplete": True, "choices": []}
    ],
}
MENU: dict[str, Any] = {"name": "Translate", "type": 3}
ECHOED: list[dict[str, Any]] = [
    {**MENU, "id": "2", "description": "", "contexts": None, "version": "9", "integration_types": [0]},
    {**copy.deepcopy(ASK), "id": "1", "type": 1, "application_id": "5", "version": "8"},
]
del ECHOED[1]["options"][0]["choices"], ECHOED[1]["nsfw"]


def test_what_discord_gives_back_is_the_same() -> None:
    assert alike([ASK, MENU], ECHOED)


@pytest.mark.parametrize("change", ["text", "translation", "option", "missing", "extra", "kind"])
def test_any_difference_is_seen(change: str) -> None:
    there = copy.deepcopy(ECHOED)
    match change:
        case "text":
            there[1]["description"] = "Ask away"
        case "translation":
            there[1]["name_localizations"] = {"zh-CN": "问"}
        case "option":
            there[1]["options"][0]["required"] = False
        case "missing":
            there.pop()
        case "extra":
            there.append({"name": "old", "type": 1, "description": "x"})
        case "kind":
            there[0]["type"] = 2
    assert not alike([ASK, MENU], there)
