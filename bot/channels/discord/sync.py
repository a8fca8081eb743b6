"""Registers the commands with Discord, if they are not there as they should be."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.http import Route

log = logging.getLogger(__name__)

SLASH = discord.AppCommandType.chat_input.value
Payload = Mapping[str, Any]

# What Discord adds by itself, or what only says something beside our own fields.
_THEIRS = frozenset(
    {
        *("id", "application_id", "version", "guild_id", "default_permission", "name_localized"),
        *("description_localized", "handler", "integration_types", "contexts", "dm_permission"),
    }
)


async def synchronise(tree: app_commands.CommandTree[Any]) -> dict[str, int]:
    """Overwrite the global commands if they differ; gives the ids of the slash commands by name. Raises what discord.py
    raises.
    """
    client = tree.client
    assert client.application_id is not None, "the client has logged in"
    translator = tree.translator
    commands = tree.get_commands()
    wanted = [
        await each.get_translated_payload(tree, translator) if translator else each.to_dict(tree) for each in commands
    ]
    path = "/applications/{application_id}/commands"
    route = Route("GET", path, application_id=client.application_id)
    # Without that parameter Discord leaves out all translations.
    there = await client.http.request(route, params={"with_localizations": "true"})
    if alike(wanted, there):
        return {str(each["name"]): int(each["id"]) for each in there if each.get("type", 1) == SLASH}
    registered = await tree.sync()
    log.info("%d commands registered", len(registered))
    return {each.name: each.id for each in registered if each.type.value == SLASH}


def alike(wanted: Sequence[Payload], there: Sequence[Payload]) -> bool:
    """Whether the commands are there as they should be, in whatever order."""
    return _by_name(wanted) == _by_name(there)


def _by_name(commands: Sequence[Payload]) -> dict[tuple[int, str], object]:
    return {(int(each.get("type", 1)), str(each["name"])): _plain({"type": 1, **each}) for each in commands}


def _plain(value: object) -> object:
    """What matters of a payload: without what is empty or Discord's own, and with enumerations as numbers."""
    if isinstance(value, Mapping):
        kept = {str(key): _plain(each) for key, each in value.items() if str(key) not in _THEIRS}
        return {key: each for key, each in kept.items() if each not in (None, False, [], {}, "")}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    if isinstance(value, discord.Locale | discord.AppCommandOptionType):
        return value.value
    return value
