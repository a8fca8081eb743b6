"""From discord.py's objects to Parley's: pure, but for what the objects themselves look up in the library's cache."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import discord

from bot.channels.discord.rules import Rules
from bot.domain import Channel, File, Incoming, Origin, User
from bot.domain.text import clean

SPOKEN = frozenset({discord.MessageType.default, discord.MessageType.reply})
MOST_QUOTED = 8_000  # characters of the messages before
_MENTION = re.compile(r"<@!?(\d+)>|<@&(\d+)>|<#(\d+)>|<a?:(\w+):\d+>|</([^:<>]+):\d+>")


class Why(StrEnum):
    """Why a message is meant for Parley."""

    DIRECT = "direct"
    MENTION = "mention"
    REPLY = "reply"
    CHANNEL = "channel"
    THREAD = "thread"
    KEYWORD = "keyword"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was said. `parent` is a thread's channel or forum, `owner` who opened the thread; 0: none."""

    channel: int
    guild: int = 0
    parent: int = 0
    owner: int = 0

    @property
    def group(self) -> bool:
        return bool(self.guild)


def place_of(channel: object, guild_id: int | None = None) -> Place:
    """Read a channel of whatever kind."""
    if isinstance(channel, discord.Thread):
        return Place(channel.id, channel.guild.id, channel.parent_id, channel.owner_id)
    if isinstance(channel, discord.DMChannel | discord.GroupChannel):
        return Place(channel.id)
    # A server that the library does not know (yet) is one all the same: nothing said there is a direct message.
    guild = getattr(channel, "guild", None)
    found = getattr(guild, "id", None) or getattr(channel, "guild_id", None) or guild_id or 0
    return Place(int(getattr(channel, "id", 0)), int(found))


def conversation_id(bot: int, channel: int) -> str:
    """A channel, a thread and a direct message are each a conversation."""
    return f"discord:{bot}:{channel}"


def channel_of(conversation: str) -> int:
    """The channel's id; 0 for what is no conversation on Discord."""
    name, _, rest = conversation.partition(":")
    last = rest.rpartition(":")[2]
    return int(last) if name == "discord" and last.isdecimal() else 0


def roles_of(person: object) -> tuple[int, ...]:
    """The ids of a member's roles; none for someone outside a server.

    They are read as Discord sent them: `Member.roles` fails where the server is not in the library's cache (yet).
    """
    return tuple(person._roles) if isinstance(person, discord.Member) else ()


def user_of(person: discord.User | discord.Member) -> User:
    return User(Channel.DISCORD, str(person.id), clean(person.display_name))


def is_spoken(message: discord.Message) -> bool:
    """Whether a person said it: no bot, no webhook, no message of Discord's own."""
    author = message.author
    return message.type in SPOKEN and message.webhook_id is None and not author.bot and not author.system


def names_us(message: discord.Message, me: int) -> bool:
    """Whether it mentions the bot or the bot's own role. @everyone and other roles are not meant for us."""
    if any(person.id == me for person in message.mentions):
        return True
    return any(role.tags is not None and role.tags.bot_id == me for role in message.role_mentions)


def parent_in_payload(message: discord.Message) -> discord.Message | None:
    """The message that this one replies to, where Discord sent it along."""
    resolved = message.reference.resolved if replies(message) and message.reference else None
    return resolved if isinstance(resolved, discord.Message) else None


def replies(message: discord.Message) -> bool:
    """Whether it replies to a message; forwarding one is something else."""
    reference = message.reference
    return reference is not None and reference.type is discord.MessageReferenceType.reply


def addressed(
    message: discord.Message,
    place: Place,
    rules: Rules,
    me: int,
    answer: str = "",
    parent: discord.Message | None = None,
) -> Why | None:
    """Why Parley is to answer, or None. `answer` is what people set for the conversation (mention, keyword, always)
    and goes before the settings; `parent` is the message that this one replies to.
    """
    if not is_spoken(message):
        return None
    if not place.group:
        return Why.DIRECT
    if not rules.admits((place.channel, place.parent), roles_of(message.author)):
        return None
    if names_us(message, me):
        return Why.MENTION
    if parent is not None and parent.author.id == me:
        return Why.REPLY
    if answer == "always" or (not answer and {place.channel, place.parent} & rules.channels):
        return Why.CHANNEL
    if not answer and place.owner == me:
        return Why.THREAD
    return Why.KEYWORD if answer != "mention" and rules.has_keyword(message.content) else None


def text_of(message: discord.Message, me: int) -> str:
    """What was said, without the bot's mention, and with names in place of Discord's codes."""
    people = {person.id: person.display_name for person in message.mentions}
    roles = {role.id: role for role in message.role_mentions}
    channels = {channel.id: channel.name for channel in message.channel_mentions}

    def name(match: re.Match[str]) -> str:
        person, role, channel, emoji, command = match.groups()
        if person:
            return "" if int(person) == me else f"@{people.get(int(person), person)}"
        if role:
            found = roles.get(int(role))
            ours = found is not None and found.tags is not None and found.tags.bot_id == me
            return "" if ours else f"@{found.name if found else role}"
        if channel:
            return f"#{channels.get(int(channel), channel)}"
        return f"/{command}" if command else f":{emoji}:"

    said = message.content or "\n".join(shot.content for shot in message.message_snapshots)
    return re.sub(r"[ \t]{2,}", " ", _MENTION.sub(name, said)).strip()


def shown_text(message: discord.Message, me: int) -> str:
    """All text of a message that people see: what was said, or what its embeds hold."""
    said = text_of(message, me)
    if said:
        return said
    pieces = ((embed.title or "", embed.description or "") for embed in message.embeds)
    return "\n".join(piece for pair in pieces for piece in pair if piece)


def quotation(chain: Sequence[discord.Message], me: int, whole: bool) -> str:
    """The message that was replied to, the last of `chain`; with `whole` those before it too, with their authors'
    names, oldest first, as much of them as there is room for.
    """
    if not chain:
        return ""
    if not whole or len(chain) == 1:
        return shown_text(chain[-1], me)[:MOST_QUOTED]
    return transcript(chain, me, MOST_QUOTED)


def transcript(messages: Sequence[discord.Message], me: int, limit: int) -> str:
    """Who said what, a line each; the oldest ones are left out where it would grow past `limit` characters."""
    lines: list[str] = []
    room = limit
    for message in reversed(messages):
        text = shown_text(message, me)
        line = f"{message.author.display_name}: {text}"
        if not text:
            continue
        if len(line) > room:
            break
        lines.append(line)
        room -= len(line) + 1
    return "\n".join(reversed(lines))


def address_of(place: Place) -> dict[str, str | int]:
    """What an outlet must know of a place, without the zeros."""
    found = {"channel": place.channel, "guild": place.guild, "parent": place.parent}
    return {key: value for key, value in found.items() if value}


def incoming(
    message: discord.Message,
    place: Place,
    rules: Rules,
    me: int,
    chain: Sequence[discord.Message] = (),
    files: tuple[File, ...] = (),
    edited: bool = False,
) -> Incoming:
    """The message as a turn to be; `chain` holds those that it replies to, the nearest last."""
    text = text_of(message, me)
    quoted = quotation(chain, me, whole=not text.startswith("/"))
    origin = Origin(
        address=address_of(place),
        message_id=str(message.id),
        quoted=clean(quoted),
        quoted_ours=bool(chain) and chain[-1].author.id == me,
        files=files,
        group=place.group,
        admin=rules.is_manager(message.author.id, roles_of(message.author)),
    )
    update = f"message:{message.id}"
    if edited:
        when = message.edited_at.timestamp() if message.edited_at else 0
        update = f"edit:{message.id}:{when:.6f}"
    if not message.content and text.startswith("/"):
        text = f"/ask {text}"  # forwarded: the command is another person's
    said = text or _without_words(bool(files), bool(quoted), bool(message.content) and names_us(message, me))
    return Incoming(user_of(message.author), conversation_id(me, place.channel), said, update, origin, str(me))


def _without_words(files: bool, quoted: bool, mentioned: bool) -> str:
    """What a message without words asks for: a file, or the bare mention under a message, asks about that. A picture
    or a sticker asks for nothing.
    """
    if files:
        return "/summarise"
    if not mentioned:
        return ""
    return "/ask" if quoted else "/start"
