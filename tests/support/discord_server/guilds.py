"""Discord servers, which the API calls guilds, with their roles and members."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .basics import ALL_PERMISSIONS, EVERYONE, Json, Permission
from .channels import FORUM, TEXT, Channel
from .people import Person

if TYPE_CHECKING:
    from .world import World


@dataclass(eq=False)
class Role:
    """A role; `permissions` as bits."""

    guild: Guild
    id: int
    name: str
    permissions: int = 0
    position: int = 0

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"

    def payload(self) -> Json:
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": str(self.permissions),
            "position": self.position,
            "color": 0,
            "colors": {"primary_color": 0},
            "hoist": False,
            "managed": False,
            "mentionable": True,
            "flags": 0,
        }


@dataclass(eq=False)
class Member:
    """A person in a guild."""

    guild: Guild
    person: Person
    roles: list[Role]
    joined_at: str
    nick: str | None = None

    def payload(self, *, with_user: bool = True) -> Json:
        found: Json = {
            "roles": [str(role.id) for role in self.roles],
            "joined_at": self.joined_at,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
            "nick": self.nick,
            "avatar": None,
        }
        return found | ({"user": self.person.payload()} if with_user else {})


@dataclass(eq=False)
class Guild:
    """A Discord server. Its verbs dispatch the events that a connected bot gets."""

    world: World
    id: int
    name: str
    members: dict[int, Member] = field(default_factory=dict)
    roles: dict[int, Role] = field(default_factory=dict)
    channels: list[Channel] = field(default_factory=list)
    locale: str = "en-US"

    def __post_init__(self) -> None:
        self.roles[self.id] = Role(self, self.id, "@everyone", EVERYONE)

    @property
    def everyone(self) -> Role:
        return self.roles[self.id]

    @property
    def threads(self) -> list[Channel]:
        return [channel for channel in self.world.channels.values() if channel.guild is self and channel.is_thread]

    def role(self, name: str, permissions: int = 0) -> Role:
        role = Role(self, self.world.ids.next(), name, int(permissions), len(self.roles))
        self.roles[role.id] = role
        self.world.emit("GUILD_ROLE_CREATE", {"guild_id": str(self.id), "role": role.payload()}, self.id)
        return role

    def text_channel(self, name: str, topic: str | None = None) -> Channel:
        return self._channel(Channel(self.world, self.world.ids.next(), TEXT, name, guild=self, topic=topic))

    def forum(self, name: str, topic: str | None = None) -> Channel:
        return self._channel(Channel(self.world, self.world.ids.next(), FORUM, name, guild=self, topic=topic))

    def _channel(self, channel: Channel) -> Channel:
        self.channels.append(channel)
        self.world.channels[channel.id] = channel
        self.world.emit("CHANNEL_CREATE", channel.payload(), self.id)
        return channel

    def joins(self, person: Person, roles: list[Role] | None = None, nick: str | None = None) -> Member:
        """The person becomes a member, or gets these roles and this nickname."""
        known = person.id in self.members
        member = Member(self, person, list(roles or []), self.world.ids.now(), nick)
        self.members[person.id] = member
        event = "GUILD_MEMBER_UPDATE" if known else "GUILD_MEMBER_ADD"
        self.world.emit(event, member.payload() | {"guild_id": str(self.id)}, self.id)
        return member

    def leaves(self, person: Person) -> None:
        del self.members[person.id]
        if person is self.world.bot:
            del self.world.guilds[self.id]
            self.world.emit("GUILD_DELETE", {"id": str(self.id)}, self.id)
            return
        data = {"guild_id": str(self.id), "user": person.payload()}
        self.world.emit("GUILD_MEMBER_REMOVE", data, self.id)

    def permissions(self, person: Person) -> int:
        """The person's permissions before any channel's own."""
        member = self.members.get(person.id)
        if member is None:
            return 0
        found = self.everyone.permissions
        for role in member.roles:
            found |= role.permissions
        return ALL_PERMISSIONS if found & Permission.ADMINISTRATOR else found

    def payload(self, *, all_members: bool = False) -> Json:
        """As GUILD_CREATE has it; without the members intent the only member in it is the bot."""
        bot = self.world.bot
        members = [member for member in self.members.values() if all_members or member.person is bot]
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.world.operator.id),
            "icon": None,
            "description": None,
            "preferred_locale": self.locale,
            "features": [],
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "afk_timeout": 300,
            "system_channel_flags": 0,
            "large": len(self.members) >= 250,
            "member_count": len(self.members),
            "joined_at": self.members[bot.id].joined_at if bot.id in self.members else self.world.ids.now(),
            "unavailable": False,
            "roles": [role.payload() for role in self.roles.values()],
            "emojis": [],
            "stickers": [],
            "channels": [channel.payload() for channel in self.channels],
            "threads": [thread.payload() for thread in self.threads if not thread.archived],
            "members": [member.payload() for member in members],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
