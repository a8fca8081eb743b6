"""Channels, threads and direct messages over REST."""

from __future__ import annotations

from tests.support.discord_server import threads
from tests.support.discord_server.basics import ApiError, Json, Permission, invalid_form, snowflake
from tests.support.discord_server.channel_payload import thread_member
from tests.support.discord_server.channels import FORUM, PRIVATE_THREAD, PUBLIC_THREAD, Channel
from tests.support.discord_server.checking import check_not_empty
from tests.support.discord_server.world import World

from .calls import Call, Reply
from .messages import find_message, message_fields, reachable


async def fetch(world: World, call: Call) -> Reply:
    return Reply(reachable(world, call.id("channel_id")).payload())


async def edit(world: World, call: Call) -> Reply:
    channel = world.channel(call.id("channel_id"))
    own = channel.is_thread and channel.owner is world.bot
    needed = Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS
    reachable(world, channel.id, 0 if own else needed)
    if "name" in call.json:
        check_name(call.json["name"])
    threads.change(channel, call.json)
    return Reply(channel.payload())


async def delete(world: World, call: Call) -> Reply:
    channel = world.channel(call.id("channel_id"))
    needed = Permission.MANAGE_THREADS if channel.is_thread else Permission.MANAGE_CHANNELS
    reachable(world, channel.id, needed if channel.guild is not None else 0)
    found = channel.payload()
    if channel.guild is not None:  # closing direct messages takes nothing away
        threads.delete(channel)
    return Reply(found)


async def open_dm(world: World, call: Call) -> Reply:
    person = world.person(snowflake(call.json.get("recipient_id"), "recipient_id"))
    if person.bot:
        raise ApiError(400, 50007, "Cannot send messages to this user")
    return Reply(person.dm().payload())


def check_name(name: object) -> None:
    if not isinstance(name, str) or not 1 <= len(name) <= 100:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")


async def thread_on_message(world: World, call: Call) -> Reply:
    channel = reachable(world, call.id("channel_id"), Permission.CREATE_PUBLIC_THREADS)
    message = find_message(channel, call.id("message_id"))
    check_name(call.json.get("name"))
    if channel.is_thread or channel.guild is None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    thread = threads.open_thread(channel, world.bot, call.json["name"], message=message)
    return Reply(thread.payload(), 201)


async def thread_or_post(world: World, call: Call) -> Reply:
    channel = reachable(world, call.id("channel_id"))
    check_name(call.json.get("name"))
    if channel.kind == FORUM:
        return await _post(world, channel, call)
    if channel.is_thread or channel.guild is None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    kind = call.json.get("type", PRIVATE_THREAD)
    public = kind == PUBLIC_THREAD
    reachable(world, channel.id, Permission.CREATE_PUBLIC_THREADS if public else Permission.CREATE_PRIVATE_THREADS)
    return Reply(threads.open_thread(channel, world.bot, call.json["name"], kind=kind).payload(), 201)


async def _post(world: World, forum: Channel, call: Call) -> Reply:
    reachable(world, forum.id, Permission.SEND_MESSAGES)
    message: Json = call.json.get("message") or {}
    fields = message_fields(forum, message, call.files)
    check_not_empty(message, len(call.files))
    tags = [snowflake(tag) for tag in call.json.get("applied_tags") or []]
    text = message.get("content") or ""
    thread = threads.forum_post(forum, world.bot, call.json["name"], text, tags=tags, **fields)
    return Reply(thread.payload() | {"message": thread.messages[0].payload()}, 201)


async def join(world: World, call: Call) -> Reply:
    threads.join(reachable(world, call.id("channel_id")), world.bot)
    return Reply(status=204)


async def leave(world: World, call: Call) -> Reply:
    threads.leave(reachable(world, call.id("channel_id")), world.bot)
    return Reply(status=204)


async def add_person(world: World, call: Call) -> Reply:
    threads.join(reachable(world, call.id("channel_id")), world.person(call.id("user_id")))
    return Reply(status=204)


async def thread_members(world: World, call: Call) -> Reply:
    thread = reachable(world, call.id("channel_id"))
    return Reply([thread_member(thread, person.id) for person in thread.joined])


async def archived(world: World, call: Call) -> Reply:
    channel = reachable(world, call.id("channel_id"), Permission.READ_MESSAGE_HISTORY)
    found = [one for one in world.channels.values() if one.parent is channel and one.archived]
    return Reply({"threads": [one.payload() for one in found], "members": [], "has_more": False})


async def active(world: World, call: Call) -> Reply:
    found = [one for one in world.guild(call.id("guild_id")).threads if not one.archived]
    return Reply({"threads": [one.payload() for one in found], "members": []})
