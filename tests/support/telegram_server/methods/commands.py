"""The command menu, a list for each scope and language."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.errors import bad_request
from tests.support.telegram_server.messages import Json
from tests.support.telegram_server.methods.registry import method
from tests.support.telegram_server.world import World

_NAME = re.compile(r"/?[a-z0-9_]{1,32}")


def _key(call: Call) -> tuple[str, str]:
    scope: Any = call.params.get("scope") or {"type": "default"}
    if not isinstance(scope, dict) or "type" not in scope:
        raise bad_request('can\'t parse BotCommandScope: Field "type" must be of type String')
    language = str(call.params.get("language_code") or "")
    if language and not re.fullmatch(r"[a-z]{2}", language):
        raise bad_request("invalid language code specified")
    return json.dumps(scope, sort_keys=True), language


@method("setMyCommands")
async def set_my_commands(world: World, call: Call) -> bool:
    """True."""
    given: Any = call.params.get("commands")
    if not isinstance(given, list):
        raise bad_request("expected an Array of BotCommand")
    if len(given) > 100:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in given:
        if not _NAME.fullmatch(str(command.get("command", ""))):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[_key(call)] = [
        {"command": one["command"].removeprefix("/"), "description": one["description"]} for one in given
    ]
    return True


@method("getMyCommands")
async def get_my_commands(world: World, call: Call) -> list[Json]:
    """The ``BotCommand``s of exactly this scope and language, empty where none were set."""
    return world.commands.get(_key(call), [])


@method("deleteMyCommands")
async def delete_my_commands(world: World, call: Call) -> bool:
    """True."""
    world.commands.pop(_key(call), None)
    return True
