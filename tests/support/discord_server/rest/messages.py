"""Messages over REST: send, edit, read, delete, react, type."""

from __future__ import annotations

from typing import Any

from tests.support.discord_server import posting
from tests.support.discord_server.basics import (
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    ApiError,
    Json,
    Permission,
    invalid_form,
    snowflake,
    unknown,
)
from tests.support.discord_server.channels import DM, FORUM, Channel
from tests.support.discord_server.checking import check_message, check_not_empty, too_long
from tests.support.discord_server.messages import COMPONENTS_V2, REPLY, Attachment, Message
from tests.support.discord_server.redacting import without_content
from tests.support.discord_server.world import World, loop_time

from .calls import Call, File, Reply

NONCE_SECONDS = 300.0
SUPPRESS_EMBEDS, SUPPRESS_NOTIFICATIONS = 1 << 2, 1 << 12
FILE_LIMIT = 10 * 1024 * 1024


def reachable(world: World, channel_id: int, needed: int = 0) -> Channel:
    """The channel, when the bot sees it and has the permissions."""
    channel = world.channel(channel_id)
    held = channel.permissions(world.bot)
    if not held & Permission.VIEW_CHANNEL:
        raise MISSING_ACCESS
    if needed & ~held:
        raise MISSING_PERMISSIONS
    return channel


def find_message(channel: Channel, message_id: int) -> Message:
    for message in channel.visible():
        if message.id == message_id:
            return message
    raise unknown(10008, "Message")


def shown_to_bot(world: World, message: Message) -> Json:
    found = message.payload()
    if world.message_content or message.channel.guild is None:
        return found
    return without_content(found, str(world.bot.id))


def _sendable(world: World, channel_id: int) -> Channel:
    channel = world.channel(channel_id)
    if channel.kind == DM and channel.recipient is not None and not channel.recipient.dms_open:
        raise ApiError(403, 50007, "Cannot send messages to this user")
    needed = Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES
    reachable(world, channel_id, needed)
    if channel.kind == FORUM:
        raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
    if channel.locked:
        raise ApiError(400, 160005, "Thread is locked")
    return channel


async def create(world: World, call: Call) -> Reply:
    channel = _sendable(world, call.id("channel_id"))
    fields = message_fields(channel, call.json, call.files)
    check_not_empty(call.json, len(fields["attachments"]))
    known = _known_nonce(world, channel, call.json)
    if known is not None:
        return Reply(known.payload(fresh=True))
    _reference(channel, call.json, fields)
    message = posting.post(channel, world.bot, call.json.get("content") or "", **fields)
    if message.nonce is not None:
        world.nonces[(channel.id, world.bot.id, str(message.nonce))] = (loop_time(), message)
    return Reply(message.payload(fresh=True))


def _known_nonce(world: World, channel: Channel, body: Json) -> Message | None:
    """The message that was sent with this nonce in the last minutes, when the bot wants it enforced."""
    if body.get("nonce") is None or not body.get("enforce_nonce"):
        return None
    sent_at, message = world.nonces.get((channel.id, world.bot.id, str(body["nonce"])), (0.0, None))
    if message is None or loop_time() - sent_at >= NONCE_SECONDS:
        return None
    if message.deleted:  # as Discord does: a message that was taken away is not made again
        raise unknown(10008, "Message")
    return message


def message_fields(channel: Channel, body: Json, files: dict[int, File]) -> Json:
    """The fields of a new message, checked; content aside. Raises ApiError."""
    check_message(body)
    kept = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
    return {
        "embeds": rich(body.get("embeds") or []),
        "components": body.get("components") or [],
        "attachments": new_attachments(channel, body, files),
        "allowed_mentions": body.get("allowed_mentions"),
        "nonce": body.get("nonce"),
        "flags": (body.get("flags") or 0) & kept,
    }


def rich(embeds: list[Json]) -> list[Json]:
    return [{"type": "rich"} | embed for embed in embeds]


def new_attachments(channel: Channel, body: Json, files: dict[int, File]) -> list[Attachment]:
    if any(len(file.data) > FILE_LIMIT for file in files.values()):
        raise ApiError(413, 40005, "Request entity too large")
    if files and not channel.permissions(channel.world.bot) & Permission.ATTACH_FILES:
        raise MISSING_PERMISSIONS
    described = {str(one.get("id")): one for one in body.get("attachments") or []}
    found = []
    for index, file in sorted(files.items()):
        about = described.get(str(index), {})
        found.append(posting.attach(channel, about.get("filename") or file.name, file.data, about.get("description")))
    return found


def _reference(channel: Channel, body: Json, fields: Json) -> None:
    reference = body.get("message_reference")
    if not reference:
        return
    message_id = snowflake(reference.get("message_id"), "message_reference.message_id")
    found = next((one for one in channel.visible() if one.id == message_id), None)
    if found is None and reference.get("fail_if_not_exists", True):
        raise invalid_form("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
    if found is not None:
        fields |= {"type": REPLY, "reference": found, "reference_id": found.id}


async def edit(world: World, call: Call) -> Reply:
    channel = reachable(world, call.id("channel_id"))
    message = find_message(channel, call.id("message_id"))
    if message.author is not world.bot:
        raise ApiError(403, 50005, "Cannot edit a message authored by another user")
    if channel.archived:
        raise ApiError(400, 50083, "Thread is archived")
    change(message, call.json, call.files)
    return Reply(message.payload())


def change(message: Message, body: Json, files: dict[int, File]) -> None:
    """Apply an edit; what it leaves out stays. Raises ApiError."""
    check_message(body | {"flags": message.flags | (body.get("flags") or 0)})
    changes: Json = {}
    if "content" in body:
        changes["content"] = body["content"] or ""
    if "embeds" in body:
        changes["embeds"] = rich(body["embeds"] or [])
    if "components" in body:
        changes["components"] = body["components"] or []
    if "allowed_mentions" in body:
        changes["allowed_mentions"] = body["allowed_mentions"]
    if "attachments" in body or files:
        kept = {str(one.get("id")) for one in body.get("attachments") or []}
        old = [one for one in message.attachments if str(one.id) in kept or "attachments" not in body]
        changes["attachments"] = old + new_attachments(message.channel, body, files)
    after = {name: changes.get(name, getattr(message, name)) for name in ("content", "embeds", "components")}
    check_not_empty(after, len(changes.get("attachments", message.attachments)))
    posting.edit(message, changes)


async def fetch(world: World, call: Call) -> Reply:
    channel = reachable(world, call.id("channel_id"), Permission.READ_MESSAGE_HISTORY)
    return Reply(shown_to_bot(world, find_message(channel, call.id("message_id"))))


async def history(world: World, call: Call) -> Reply:
    """Newest first, as Discord gives them; before, after or around, and limit (1 to 100, 50 when left out)."""
    channel = reachable(world, call.id("channel_id"), Permission.READ_MESSAGE_HISTORY)
    limit = snowflake(call.query.get("limit", "50"), "limit")
    if not 1 <= limit <= 100:
        raise invalid_form("limit", "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    found = sorted(channel.visible(), key=lambda message: message.id, reverse=True)
    return Reply([shown_to_bot(world, message) for message in _page(found, call.query, limit)])


def _page(found: list[Message], query: dict[str, str], limit: int) -> list[Message]:
    if "after" in query:
        edge = snowflake(query["after"], "after")
        return [message for message in found if message.id > edge][-limit:]
    if "around" in query:
        edge = snowflake(query["around"], "around")
        newer = [message for message in found if message.id >= edge][-(limit // 2 + 1) :]
        return newer + [message for message in found if message.id < edge][: limit - len(newer)]
    if "before" in query:
        edge = snowflake(query["before"], "before")
        found = [message for message in found if message.id < edge]
    return found[:limit]


async def delete(world: World, call: Call) -> Reply:
    channel = reachable(world, call.id("channel_id"))
    message = find_message(channel, call.id("message_id"))
    if message.author is not world.bot and not channel.permissions(world.bot) & Permission.MANAGE_MESSAGES:
        raise MISSING_PERMISSIONS
    posting.delete([message])
    return Reply(status=204)


async def bulk_delete(world: World, call: Call) -> Reply:
    channel = reachable(world, call.id("channel_id"), Permission.MANAGE_MESSAGES)
    ids: list[Any] = call.json.get("messages", [])
    if not 2 <= len(ids) <= 100:
        raise too_long("messages", 100)
    posting.delete([find_message(channel, snowflake(one)) for one in ids])
    return Reply(status=204)
