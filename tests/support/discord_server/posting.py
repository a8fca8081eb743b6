"""What makes, changes and takes away messages, for people and for the REST side alike."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .basics import Json
from .messages import REPLY, Attachment, Message
from .world import loop_time

if TYPE_CHECKING:
    from .channels import Channel
    from .people import Person

TYPING_SECONDS = 10.0


def attach(channel: Channel, filename: str, data: bytes, description: str | None = None) -> Attachment:
    """Keep a file and give the attachment that names it."""
    world = channel.world
    file_id = world.ids.next()
    world.files[file_id] = data
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    url = f"{world.base_url}/attachments/{channel.id}/{file_id}/{filename}?ex=1&is=1&hm=1"
    return Attachment(file_id, filename, len(data), url, kind, description)


def post(channel: Channel, author: Person, content: str, **fields: Any) -> Message:
    """Add a message to a channel and tell the gateway; fields are Message's own."""
    world = channel.world
    message_id = fields.pop("id", None) or world.ids.next()
    if channel.archived:
        threads.change(channel, {"archived": False})
    message = Message(message_id, channel, author, content, world.ids.now(), **fields)
    channel.messages.append(message)
    channel.typing.pop(author.id, None)
    if channel.is_thread and author not in channel.joined:
        channel.joined.append(author)
    if not message.ephemeral:
        world.emit("MESSAGE_CREATE", message.payload(event=True, fresh=True), channel.guild_id)
    world.changed()
    return message


def says(
    channel: Channel,
    person: Person,
    text: str,
    *,
    files: Mapping[str, bytes] | None = None,
    embeds: list[Json] | None = None,
    reply_to: Message | None = None,
    ping: bool = True,
) -> Message:
    if channel.guild is not None:
        assert person.id in channel.guild.members, f"{person.name} is no member of {channel.guild.name}."
    fields: Json = {"embeds": embeds or []}
    fields["attachments"] = [attach(channel, name, data) for name, data in (files or {}).items()]
    if reply_to is not None:
        fields |= {"type": REPLY, "reference": reply_to, "reference_id": reply_to.id}
        if not ping:
            fields["allowed_mentions"] = {"parse": ["users", "roles", "everyone"], "replied_user": False}
    return post(channel, person, text, **fields)


def webhook_says(channel: Channel, name: str, text: str) -> Message:
    from .people import Person

    webhook_id = channel.world.ids.next()
    return post(channel, Person(channel.world, webhook_id, name, bot=True), text, webhook_id=webhook_id)


def edit(message: Message, changes: Json) -> None:
    """Set fields of a message; its author's membership and id are in the update, as Discord has them."""
    for name, value in changes.items():
        setattr(message, name, value)
    if "content" in changes:
        message.versions.append(message.content)
    message.edited_at = message.channel.world.ids.now()
    updated(message)


def updated(message: Message) -> None:
    message.touched = loop_time()
    world = message.channel.world
    if not message.ephemeral:
        world.emit("MESSAGE_UPDATE", message.payload(event=True), message.channel.guild_id)
    world.changed()


def delete(messages: list[Message]) -> None:
    channel = messages[0].channel
    for message in messages:
        message.deleted = True
    data: Json = {"channel_id": str(channel.id)}
    if channel.guild is not None:
        data["guild_id"] = str(channel.guild.id)
    if len(messages) == 1:
        if not messages[0].ephemeral:
            channel.world.emit("MESSAGE_DELETE", data | {"id": str(messages[0].id)}, channel.guild_id)
        channel.world.changed()
        return
    ids = [str(message.id) for message in messages]
    channel.world.emit("MESSAGE_DELETE_BULK", data | {"ids": ids}, channel.guild_id)


def _reaction_event(message: Message, person: Person, emoji: str) -> Json:
    data: Json = {
        "user_id": str(person.id),
        "channel_id": str(message.channel.id),
        "message_id": str(message.id),
        "emoji": {"id": None, "name": emoji},
        "burst": False,
        "type": 0,
    }
    guild = message.channel.guild
    return data | ({"guild_id": str(guild.id)} if guild is not None else {})


def react(message: Message, person: Person, emoji: str) -> None:
    people = message.reactions.setdefault(emoji, [])
    if person in people:
        return
    people.append(person)
    data = _reaction_event(message, person, emoji) | {"message_author_id": str(message.author.id)}
    guild = message.channel.guild
    if guild is not None and person.id in guild.members:
        data["member"] = guild.members[person.id].payload()
    message.channel.world.emit("MESSAGE_REACTION_ADD", data, message.channel.guild_id)


def unreact(message: Message, person: Person, emoji: str) -> None:
    people = message.reactions.get(emoji, [])
    if person not in people:
        return
    people.remove(person)
    if not people:
        del message.reactions[emoji]
    data = _reaction_event(message, person, emoji)
    message.channel.world.emit("MESSAGE_REACTION_REMOVE", data, message.channel.guild_id)


def typing(channel: Channel, person: Person) -> None:
    channel.typing[person.id] = loop_time() + TYPING_SECONDS
    data: Json = {"channel_id": str(channel.id), "user_id": str(person.id)}
    data["timestamp"] = int(channel.world.ids.clock())
    guild = channel.guild
    if guild is not None:
        data["guild_id"] = str(guild.id)
        if person.id in guild.members:
            data["member"] = guild.members[person.id].payload()
    channel.world.emit("TYPING_START", data, channel.guild_id)


from . import threads  # noqa: E402 - it needs posting
