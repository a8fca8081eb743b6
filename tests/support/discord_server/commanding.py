"""Slash commands, autocomplete and the Apps menu, as a person uses them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .basics import Json, Permission
from .interactions import AUTOCOMPLETE, COMMAND, SECONDS_TO_RESPOND, Interaction

if TYPE_CHECKING:
    from .channels import Channel
    from .messages import Message
    from .people import Person

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, FILE = range(1, 12)
CHAT_INPUT, USER_MENU, MESSAGE_MENU = 1, 2, 3


async def slash(person: Person, name: str, channel: Channel, options: Json, wait: bool) -> Interaction:
    data = _data(person, name, channel, options, focused=None)
    return await Interaction(person.world, person, channel, COMMAND, data).starts(wait)


async def autocomplete(person: Person, name: str, channel: Channel, options: Json) -> list[Json]:
    assert options, "Name the option that is typed in."
    data = _data(person, name, channel, options, focused=list(options)[-1])
    made = await Interaction(person.world, person, channel, AUTOCOMPLETE, data).starts(wait=True)
    assert made.response.choices is not None, f"No choices came within {SECONDS_TO_RESPOND} s."
    return made.response.choices


async def context_menu(person: Person, name: str, target: Message | Person, channel: Channel | None) -> Interaction:
    from .messages import Message

    place = target.channel if isinstance(target, Message) else channel
    assert place is not None, "Say in which channel the person is clicked."
    kind = MESSAGE_MENU if isinstance(target, Message) else USER_MENU
    command = find_command(person, name, kind, place)
    data = _named(command) | {"target_id": str(target.id)}
    resolved: Json = {}
    if isinstance(target, Message):
        resolved["messages"] = {str(target.id): target.payload()}
    else:
        resolve(target, place, resolved)
    data["resolved"] = resolved
    return await Interaction(person.world, person, place, COMMAND, data).starts(wait=True)


def find_command(person: Person, name: str, kind: int, channel: Channel) -> Json:
    """The registered command that Discord's client would offer here. Raises AssertionError when it offers none."""
    commands = person.world.commands
    own = commands.get(channel.guild_id, {}) if channel.guild is not None else {}
    for command in [*own.values(), *commands[None].values()]:
        if command["type"] == kind and name in (command["name"], _localised(command, person.locale)):
            _may_use(person, command, channel)
            return command
    known = sorted(command["name"] for found in commands.values() for command in found.values())
    raise AssertionError(f"There is no command {name!r} here, only {known}.")


def _localised(command: Json, locale: str) -> str | None:
    return (command.get("name_localizations") or {}).get(locale)


def _may_use(person: Person, command: Json, channel: Channel) -> None:
    contexts = command["contexts"]
    if channel.guild is None:
        allowed = command["dm_permission"] if contexts is None else 1 in contexts
        assert allowed and "guild_id" not in command, f"{command['name']} is not offered in direct messages."
        return
    assert contexts is None or 0 in contexts, f"{command['name']} is not offered in servers."
    held = channel.permissions(person)
    assert held & Permission.USE_APPLICATION_COMMANDS, f"{person.name} may not use commands here."
    needed = command["default_member_permissions"]
    if needed is not None and not held & Permission.ADMINISTRATOR:
        assert int(needed) and held & int(needed) == int(needed), f"{person.name} is not offered {command['name']}."


def _named(command: Json) -> Json:
    found: Json = {"id": command["id"], "name": command["name"], "type": command["type"]}
    return found | ({"guild_id": command["guild_id"]} if "guild_id" in command else {})


def _data(person: Person, name: str, channel: Channel, given: Json, focused: str | None) -> Json:
    first, *path = name.split()
    command = find_command(person, first, CHAT_INPUT, channel)
    data = _named(command)
    level, declared = data, command.get("options", [])
    for step in path:
        option = next((one for one in declared if one["name"] == step and one["type"] <= GROUP), None)
        assert option is not None, f"{first} has no subcommand {step!r}."
        inner: Json = {"name": step, "type": option["type"]}
        level["options"] = [inner]
        level, declared = inner, option.get("options", [])
    resolved: Json = {}
    level["options"] = _options(declared, given, channel, resolved, focused)
    if not level["options"]:
        del level["options"]
    if resolved:
        data["resolved"] = resolved
    return data


def _options(declared: list[Json], given: Json, channel: Channel, resolved: Json, focused: str | None) -> list[Json]:
    names = {option["name"]: option for option in declared}
    unknown_names = set(given) - set(names)
    assert not unknown_names, f"There are no options {unknown_names}, only {list(names)}."
    missing = [option["name"] for option in declared if option.get("required") and option["name"] not in given]
    assert focused or not missing, f"The options {missing} are required."
    return [_option(names[name], value, channel, resolved, name == focused) for name, value in given.items()]


def _option(option: Json, value: Any, channel: Channel, resolved: Json, focused: bool) -> Json:
    kind = option["type"]
    found: Json = {"name": option["name"], "type": kind}
    if focused:
        assert option.get("autocomplete"), f"The option {option['name']} has no autocomplete."
        return found | {"value": value, "focused": True}
    if kind in (USER, CHANNEL, ROLE, MENTIONABLE, FILE):
        return found | {"value": resolve(value, channel, resolved)}
    expected: dict[int, type | tuple[type, ...]] = {STRING: str, INTEGER: int, BOOLEAN: bool, NUMBER: (int, float)}
    assert isinstance(value, expected[kind]), f"The option {option['name']} takes no {type(value).__name__}."
    if choices := option.get("choices"):
        by_name = {choice["name"]: choice["value"] for choice in choices}
        value = by_name.get(value, value)
        assert value in by_name.values(), f"The option {option['name']} has no choice {value!r}: {list(by_name)}"
    _in_bounds(option, value)
    return found | {"value": value}


def _in_bounds(option: Json, value: Any) -> None:
    low, high = ("min_length", "max_length") if isinstance(value, str) else ("min_value", "max_value")
    size = len(value) if isinstance(value, str) else value
    limit = 6000 if isinstance(value, str) else size
    within = option.get(low, size) <= size <= option.get(high, limit)
    assert within, f"The option {option['name']} does not take {value!r}."


def resolve(value: Any, channel: Channel, resolved: Json) -> str:
    """Put what an option or a menu names into `resolved`; gives its id as text."""
    from . import posting
    from .channels import Channel as AnyChannel
    from .people import Person as AnyPerson

    if isinstance(value, tuple):
        attachment = posting.attach(channel, *value)
        resolved.setdefault("attachments", {})[str(attachment.id)] = attachment.payload()
        return str(attachment.id)
    key = str(value.id)
    if isinstance(value, AnyPerson):
        resolved.setdefault("users", {})[key] = value.payload()
        if channel.guild is not None and value.id in channel.guild.members:
            member = channel.guild.members[value.id].payload(with_user=False)
            member["permissions"] = str(channel.permissions(value))
            resolved.setdefault("members", {})[key] = member
    elif isinstance(value, AnyChannel):
        payload = value.payload() | {"permissions": str(value.permissions(value.world.bot))}
        resolved.setdefault("channels", {})[key] = payload
    else:
        resolved.setdefault("roles", {})[key] = value.payload()
    return key
