"""Reactions and the typing sign over REST."""

from __future__ import annotations

from tests.support.discord_server import posting
from tests.support.discord_server.basics import ApiError, Permission
from tests.support.discord_server.world import World

from .calls import Call, Reply
from .messages import find_message, reachable


def _emoji(call: Call) -> str:
    emoji = call.names["emoji"]
    if not emoji or (emoji.isalnum() and emoji.isascii()):
        raise ApiError(400, 10014, "Unknown Emoji")
    return emoji


async def add(world: World, call: Call) -> Reply:
    channel = reachable(world, call.id("channel_id"), Permission.ADD_REACTIONS | Permission.READ_MESSAGE_HISTORY)
    posting.react(find_message(channel, call.id("message_id")), world.bot, _emoji(call))
    return Reply(status=204)


async def remove(world: World, call: Call) -> Reply:
    channel = reachable(world, call.id("channel_id"))
    posting.unreact(find_message(channel, call.id("message_id")), world.bot, _emoji(call))
    return Reply(status=204)


async def people(world: World, call: Call) -> Reply:
    channel = reachable(world, call.id("channel_id"), Permission.READ_MESSAGE_HISTORY)
    found = find_message(channel, call.id("message_id")).reactions.get(_emoji(call), [])
    return Reply([person.payload() for person in found])


async def typing(world: World, call: Call) -> Reply:
    posting.typing(reachable(world, call.id("channel_id"), Permission.SEND_MESSAGES), world.bot)
    return Reply(status=204)
