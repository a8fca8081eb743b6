"""Channels as the API shows them, with the fields of each kind."""

from __future__ import annotations

from .basics import Json
from .channels import DM, FORUM, Channel


def channel_payload(channel: Channel) -> Json:
    """The JSON of any channel."""
    last = channel.messages[-1].id if channel.messages else None
    found: Json = {
        "id": str(channel.id),
        "type": channel.kind,
        "flags": 0,
        "last_message_id": str(last) if last is not None else None,
    }
    if channel.kind == DM:
        assert channel.recipient is not None
        return found | {"recipients": [channel.recipient.payload()]}
    assert channel.guild is not None
    found |= {"guild_id": str(channel.guild.id), "name": channel.name, "rate_limit_per_user": 0}
    return found | (_thread(channel) if channel.is_thread else _in_guild(channel))


def _in_guild(channel: Channel) -> Json:
    assert channel.guild is not None
    overwrites = [
        {"id": str(who), "type": kind, "allow": str(allow), "deny": str(deny)}
        for who, (kind, allow, deny) in channel.overwrites.items()
    ]
    found: Json = {
        "position": channel.guild.channels.index(channel) if channel in channel.guild.channels else 0,
        "topic": channel.topic,
        "nsfw": False,
        "parent_id": None,
        "permission_overwrites": overwrites,
    }
    if channel.kind == FORUM:
        found |= {"available_tags": [], "default_reaction_emoji": None, "default_sort_order": None}
        found |= {"default_forum_layout": 0}
    return found


def _thread(channel: Channel) -> Json:
    assert channel.parent is not None and channel.owner is not None
    count = len([message for message in channel.messages if not message.deleted])
    found: Json = {
        "parent_id": str(channel.parent.id),
        "owner_id": str(channel.owner.id),
        "message_count": count,
        "total_message_sent": len(channel.messages),
        "member_count": len(channel.joined),
        "thread_metadata": {
            "archived": channel.archived,
            "auto_archive_duration": 1440,
            "archive_timestamp": channel.world.ids.now(),
            "locked": channel.locked,
        },
    }
    if channel.parent.kind == FORUM:
        found["applied_tags"] = [str(tag) for tag in channel.tags]
    if channel.world.bot in channel.joined:
        found["member"] = thread_member(channel, channel.world.bot.id)
    return found


def thread_member(channel: Channel, person_id: int) -> Json:
    return {"id": str(channel.id), "user_id": str(person_id), "join_timestamp": channel.world.ids.now(), "flags": 0}
