"""Threads and forum posts: opened, changed, joined, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import posting
from .basics import ApiError, Json
from .channel_payload import thread_member
from .channels import PUBLIC_THREAD, Channel
from .messages import DEFAULT, HAS_THREAD, STARTER, THREAD_CREATED, Message

if TYPE_CHECKING:
    from .people import Person


def open_thread(
    parent: Channel, owner: Person, name: str, *, message: Message | None = None, kind: int = PUBLIC_THREAD
) -> Channel:
    """A thread on a message (which gives the thread its own id) or free of one. Raises ApiError 160004."""
    if message is not None and message.thread is not None:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    thread = _new(parent, owner, name, message.id if message is not None else None, kind)
    _announce(thread)
    if message is None:
        if kind == PUBLIC_THREAD:
            posting.post(parent, owner, name, type=THREAD_CREATED, reference_id=thread.id)
        return thread
    message.thread = thread
    message.flags |= HAS_THREAD
    posting.updated(message)
    posting.post(thread, owner, "", type=STARTER, reference=message, reference_id=message.id)
    return thread


def forum_post(
    forum: Channel,
    owner: Person,
    title: str,
    text: str,
    *,
    files: Mapping[str, bytes] | None = None,
    tags: list[int] | None = None,
    **fields: Any,
) -> Channel:
    """A post: a thread whose first message has the thread's id."""
    thread = _new(forum, owner, title, None, PUBLIC_THREAD)
    thread.tags = tags or []
    if files:
        fields["attachments"] = [posting.attach(thread, name, data) for name, data in files.items()]
    _announce(thread)
    posting.post(thread, owner, text, id=thread.id, type=DEFAULT, **fields)
    return thread


def _new(parent: Channel, owner: Person, name: str, thread_id: int | None, kind: int) -> Channel:
    world = parent.world
    assert parent.guild is not None, "Direct messages have no threads."
    thread = Channel(world, thread_id or world.ids.next(), kind, name, guild=parent.guild, parent=parent, owner=owner)
    thread.joined.append(owner)
    world.channels[thread.id] = thread
    return thread


def _announce(thread: Channel) -> None:
    thread.world.emit("THREAD_CREATE", thread.payload() | {"newly_created": True}, thread.guild_id)


def change(channel: Channel, changes: Json) -> None:
    for name in ("name", "topic", "archived", "locked"):
        if name in changes:
            setattr(channel, name, changes[name])
    event = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
    channel.world.emit(event, channel.payload(), channel.guild_id)


def delete(channel: Channel) -> None:
    assert channel.guild is not None
    data = channel.payload()
    del channel.world.channels[channel.id]
    if channel in channel.guild.channels:
        channel.guild.channels.remove(channel)
    if channel.is_thread:
        data = {name: data[name] for name in ("id", "guild_id", "parent_id", "type")}
    channel.world.emit("THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE", data, channel.guild_id)


def join(thread: Channel, person: Person) -> None:
    if person not in thread.joined:
        thread.joined.append(person)
        _members(thread, {"added_members": [thread_member(thread, person.id)]})


def leave(thread: Channel, person: Person) -> None:
    if person in thread.joined:
        thread.joined.remove(person)
        _members(thread, {"removed_member_ids": [str(person.id)]})


def _members(thread: Channel, changed: Json) -> None:
    data = {"id": str(thread.id), "guild_id": str(thread.guild_id), "member_count": len(thread.joined)}
    thread.world.emit("THREAD_MEMBERS_UPDATE", data | changed, thread.guild_id)
