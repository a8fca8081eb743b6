"""The bot itself, other people, and guilds over REST."""

from __future__ import annotations

from tests.support.discord_server.basics import Json, unknown
from tests.support.discord_server.world import World

from .calls import Call, Reply


async def me(world: World, call: Call) -> Reply:
    return Reply(world.bot.payload() | {"verified": True, "mfa_enabled": False, "flags": 0, "email": None})


async def application(world: World, call: Call) -> Reply:
    flags = (1 << 18 if world.message_content else 0) | (1 << 14 if world.members_intent else 0)
    return Reply(
        {
            "id": str(world.bot.id),
            "name": world.bot.name,
            "icon": None,
            "description": "",
            "summary": "",
            "bot_public": False,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": flags,
            "owner": world.operator.payload(),
            "team": None,
            "bot": world.bot.payload(),
        }
    )


async def person(world: World, call: Call) -> Reply:
    return Reply(world.person(call.id("user_id")).payload())


async def my_guilds(world: World, call: Call) -> Reply:
    found: list[Json] = [
        {
            "id": str(guild.id),
            "name": guild.name,
            "icon": None,
            "owner": False,
            "permissions": str(guild.permissions(world.bot)),
            "features": [],
        }
        for guild in world.guilds.values()
    ]
    return Reply(found)


async def guild(world: World, call: Call) -> Reply:
    found = world.guild(call.id("guild_id")).payload()
    hidden = ("channels", "threads", "members", "presences", "voice_states", "unavailable", "joined_at", "large")
    return Reply({name: value for name, value in found.items() if name not in hidden})


async def guild_channels(world: World, call: Call) -> Reply:
    return Reply([channel.payload() for channel in world.guild(call.id("guild_id")).channels])


async def member(world: World, call: Call) -> Reply:
    found = world.guild(call.id("guild_id")).members.get(call.id("user_id"))
    if found is None:
        raise unknown(10007, "Member")
    return Reply(found.payload())


async def roles(world: World, call: Call) -> Reply:
    return Reply([role.payload() for role in world.guild(call.id("guild_id")).roles.values()])
