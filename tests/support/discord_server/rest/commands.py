"""Application commands over REST: checked, kept, and given back as Discord gives them."""

from __future__ import annotations

import re
from typing import Any

from tests.support.discord_server.basics import ApiError, Json, invalid_form, unknown
from tests.support.discord_server.checking import required, too_long
from tests.support.discord_server.world import World

from .calls import Call, Reply

_NAME = re.compile(r"^[-_'\w]{1,32}$")
_LIMITS = {1: 100, 2: 15, 3: 15}
_LOCALISED = ("name_localizations", "description_localizations")
# Left out of options when they say nothing.
_EMPTY_IN_OPTIONS = ("required", "autocomplete", "options", "choices", "channel_types")
_FIELDS = {
    "name_localizations": None,
    "description_localizations": None,
    "default_member_permissions": None,
    "dm_permission": True,
    "contexts": None,
    "integration_types": [0],
    "nsfw": False,
}


def _scope(world: World, call: Call) -> tuple[int | None, dict[int, Json]]:
    if call.id("application_id") != world.bot.id:
        raise ApiError(403, 20012, "You are not authorized to perform this action on this application")
    guild_id = call.id("guild_id") if "guild_id" in call.names else None
    if guild_id is not None and guild_id not in world.guilds:
        raise ApiError(403, 50001, "Missing Access")
    return guild_id, world.commands.setdefault(guild_id, {})


def _check(command: Any, where: str = "") -> None:
    kind = command.get("type", 1)
    name = command.get("name")
    if not name:
        raise required(f"{where}name")
    if len(name) > 32:
        raise too_long(f"{where}name", 32)
    if kind == 1 and (not _NAME.match(name) or name != name.lower()):
        raise invalid_form(f"{where}name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    if kind == 1:
        _check_description(command, where)
        _check_options(command.get("options") or [], where)
    elif command.get("description"):
        code = "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_INVALID"
        raise invalid_form(f"{where}description", code, "Context menu commands cannot have description")


def _check_description(command: Json, where: str) -> None:
    if not command.get("description"):
        raise required(f"{where}description")
    for text in [command["description"], *(command.get("description_localizations") or {}).values()]:
        if len(text) > 100:
            raise too_long(f"{where}description", 100)


def _check_options(options: list[Json], where: str) -> None:
    if len(options) > 25:
        raise too_long(f"{where}options", 25)
    optional_seen = False
    for index, option in enumerate(options):
        inner = f"{where}options.{index}."
        if not _NAME.match(option.get("name") or "") or option["name"] != option["name"].lower():
            raise invalid_form(f"{inner}name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
        _check_description(option, inner)
        _check_options(option.get("options") or [], inner)
        if len(option.get("choices") or []) > 25:
            raise too_long(f"{inner}choices", 25)
        if option.get("required") and optional_seen:
            code = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"
            raise invalid_form(f"{inner}required", code, "Required options must be placed before non-required options")
        optional_seen = optional_seen or not option.get("required")


def _kept(world: World, guild_id: int | None, given: Json, old: Json | None) -> Json:
    """The command as Discord keeps it: defaults filled in, empty things in options left out."""
    found: Json = {
        "type": given.get("type") or 1,
        "name": given["name"],
        "description": given.get("description") or "",
    }
    found |= {name: given.get(name, default) for name, default in _FIELDS.items()}
    if found["contexts"] is not None and guild_id is None:
        found["dm_permission"] = 1 in found["contexts"]
    if guild_id is not None:
        found |= {"guild_id": str(guild_id), "contexts": None}
    if given.get("options"):
        found["options"] = [_kept_option(option) for option in given["options"]]
    about: Json = {"id": str(world.ids.next()), "application_id": str(world.bot.id)}
    if old is not None:
        about["id"] = old["id"]
        same = found == {name: value for name, value in old.items() if name not in (*about, "version")}
        return about | {"version": old["version"] if same else str(world.ids.next())} | found
    return about | {"version": str(world.ids.next())} | found


def _kept_option(option: Json) -> Json:
    found = {name: value for name, value in option.items() if value or name not in _EMPTY_IN_OPTIONS}
    found = {name: value for name, value in found.items() if value is not None}
    if "options" in found:
        found["options"] = [_kept_option(inner) for inner in found["options"]]
    return found


def _without_localisations(thing: Any) -> Any:
    if isinstance(thing, list):
        return [_without_localisations(one) for one in thing]
    if isinstance(thing, dict):
        return {name: _without_localisations(value) for name, value in thing.items() if name not in _LOCALISED}
    return thing


def _same(commands: dict[int, Json], given: Json) -> Json | None:
    key = (given.get("name"), given.get("type") or 1)
    return next((one for one in commands.values() if (one["name"], one["type"]) == key), None)


def _check_room(commands: dict[int, Json], kind: int) -> None:
    if sum(1 for one in commands.values() if one["type"] == kind) > _LIMITS[kind]:
        raise ApiError(400, 30032, f"Maximum number of application commands reached ({_LIMITS[kind]}).")


async def list_all(world: World, call: Call) -> Reply:
    """Localisations only with ?with_localizations=true, as Discord has it."""
    _, commands = _scope(world, call)
    found = list(commands.values())
    full = call.query.get("with_localizations", "").lower() in ("true", "1")
    return Reply(found if full else _without_localisations(found))


async def replace_all(world: World, call: Call) -> Reply:
    guild_id, commands = _scope(world, call)
    if not isinstance(call.body, list):
        raise ApiError(400, 50109, "The request body contains invalid JSON.")
    fresh: dict[int, Json] = {}
    for index, given in enumerate(call.body):
        _check(given, f"{index}.")
        if _same(fresh, given) is not None:
            code = "APPLICATION_COMMANDS_DUPLICATE_NAME"
            raise invalid_form(f"{index}", code, "Application command names must be unique")
        kept = _kept(world, guild_id, given, _same(commands, given))
        fresh[int(kept["id"])] = kept
        _check_room(fresh, kept["type"])
    world.commands[guild_id] = fresh
    return Reply(list(fresh.values()))


async def upsert(world: World, call: Call) -> Reply:
    guild_id, commands = _scope(world, call)
    _check(call.json)
    old = _same(commands, call.json)
    kept = _kept(world, guild_id, call.json, old)
    _check_room(commands | {int(kept["id"]): kept}, kept["type"])
    commands[int(kept["id"])] = kept
    return Reply(kept, 200 if old is not None else 201)


def _one(world: World, call: Call) -> tuple[int | None, dict[int, Json], Json]:
    guild_id, commands = _scope(world, call)
    command_id = call.id("command_id")
    if command_id not in commands:
        raise unknown(10063, "application command")
    return guild_id, commands, commands[command_id]


async def fetch(world: World, call: Call) -> Reply:
    return Reply(_one(world, call)[2])


async def edit(world: World, call: Call) -> Reply:
    guild_id, commands, old = _one(world, call)
    merged = old | call.json
    _check(merged)
    kept = _kept(world, guild_id, merged, old)
    commands[int(kept["id"])] = kept
    return Reply(kept)


async def delete(world: World, call: Call) -> Reply:
    _, commands, old = _one(world, call)
    del commands[int(old["id"])]
    return Reply(status=204)
