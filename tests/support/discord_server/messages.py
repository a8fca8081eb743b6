"""Messages, what they ping, and how the API shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .basics import Json, Permission
from .world import loop_time

if TYPE_CHECKING:
    from .channels import Channel
    from .interactions import Interaction
    from .people import Person

EPHEMERAL, LOADING, HAS_THREAD, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 5, 1 << 15
DEFAULT, THREAD_CREATED, REPLY, SLASH, STARTER, MENU = 0, 18, 19, 20, 21, 23


@dataclass
class Attachment:
    """A file of a message; its bytes lie in `World.files` under its id."""

    id: int
    filename: str
    size: int
    url: str
    content_type: str
    description: str | None = None

    def payload(self) -> Json:
        found: Json = {
            "id": str(self.id),
            "filename": self.filename,
            "size": self.size,
            "url": self.url,
            "proxy_url": self.url,
            "content_type": self.content_type,
        }
        return found | ({"description": self.description} if self.description else {})


@dataclass(eq=False)
class Message:
    """One message. `versions` holds every text that it has had, oldest first."""

    id: int
    channel: Channel
    author: Person
    content: str
    timestamp: str
    type: int = DEFAULT
    flags: int = 0
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    allowed_mentions: Json | None = None
    nonce: str | int | None = None
    reference: Message | None = None
    reference_id: int | None = None
    edited_at: str | None = None
    deleted: bool = False
    webhook_id: int | None = None
    interaction: Interaction | None = None
    visible_to: Person | None = None
    thread: Channel | None = None
    reactions: dict[str, list[Person]] = field(default_factory=dict)
    versions: list[str] = field(default_factory=list)
    pinged: set[str] = field(default_factory=set)
    touched: float = field(default_factory=loop_time)

    def __post_init__(self) -> None:
        self.versions.append(self.content)
        self.notify()

    @property
    def text(self) -> str:
        return self.content

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        return bool(self.flags & LOADING)

    @property
    def buttons(self) -> list[str]:
        """The labels of the buttons, in order."""
        return [part.get("label", "") for part in self.parts() if part["type"] == 2]

    def parts(self) -> Iterator[Json]:
        """Every component, depth first."""
        yield from walk(self.components)

    def mentioned(self) -> list[Person]:
        """The people that `mentions` of the payload names: mentioned and allowed to be."""
        found = [person for person in self._named_people() if self._allows("users", person.id)]
        replied = self.reference.author if self.reference is not None and self.type == REPLY else None
        if replied not in (None, self.author, *found) and replied is not None and self._allows_reply():
            found.append(replied)
        return found

    def mentioned_roles(self) -> list[int]:
        ids = [int(text) for text in re.findall(r"<@&(\d+)>", self.content)]
        return [role_id for role_id in dict.fromkeys(ids) if self._allows("roles", role_id)]

    def mentions_everyone(self) -> bool:
        if not re.search(r"@(everyone|here)\b", self.content) or self.channel.guild is None:
            return False
        may = bool(self.channel.permissions(self.author) & Permission.MENTION_EVERYONE)
        return may and self._allows("everyone", 0)

    def pings(self) -> set[str]:
        """The names of all who were notified when it came (edits notify nobody)."""
        return self.pinged

    def notify(self) -> None:
        """Keep who is notified by the text that it has now."""
        self.pinged = self._notified()

    def _notified(self) -> set[str]:
        found = {person.name for person in self.mentioned()}
        guild = self.channel.guild
        if guild is not None:
            roles = set(self.mentioned_roles())
            for member in guild.members.values():
                if self.mentions_everyone() or roles & {role.id for role in member.roles}:
                    found.add(member.person.name)
        return found - {self.author.name}

    def _named_people(self) -> list[Person]:
        ids = dict.fromkeys(int(text) for text in re.findall(r"<@!?(\d+)>", self.content))
        people = self.channel.world.people
        return [people[person_id] for person_id in ids if person_id in people]

    def _allows(self, kind: str, wanted: int) -> bool:
        if self.allowed_mentions is None:
            return True
        listed = {int(one) for one in self.allowed_mentions.get(kind, [])} if kind != "everyone" else set()
        return kind in self.allowed_mentions.get("parse", []) or wanted in listed

    def _allows_reply(self) -> bool:
        return self.allowed_mentions is None or bool(self.allowed_mentions.get("replied_user", False))

    # As JSON

    def payload(self, *, nested: bool = False, event: bool = False, fresh: bool = False) -> Json:
        """As a REST answer has it; with event as the gateway has it: with guild_id and the author's membership.

        The nonce is only in what announces a fresh message: Discord does not keep it in the history.
        """
        guild = self.channel.guild
        found: Json = {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "type": self.type,
            "content": self.content,
            "timestamp": self.timestamp,
            "edited_timestamp": self.edited_at,
            "tts": False,
            "pinned": False,
            "flags": self.flags,
            "author": self.author.payload(),
            "mention_everyone": self.mentions_everyone(),
            "mentions": [self._mention(person, event) for person in self.mentioned()],
            "mention_roles": [str(role_id) for role_id in self.mentioned_roles()],
            "embeds": self.embeds,
            "components": self.components,
            "attachments": [attachment.payload() for attachment in self.attachments],
        }
        if event and guild is not None:
            found["guild_id"] = str(guild.id)
            if self.webhook_id is None and self.author.id in guild.members:
                found["member"] = guild.members[self.author.id].payload(with_user=False)
        if fresh and self.nonce is not None:
            found["nonce"] = self.nonce
        self._add_optional(found, nested)
        return found

    def _mention(self, person: Person, event: bool) -> Json:
        found = person.payload()
        guild = self.channel.guild
        if event and guild is not None and person.id in guild.members:
            found["member"] = guild.members[person.id].payload(with_user=False)
        return found

    def _add_optional(self, found: Json, nested: bool) -> None:
        """Fields that Discord leaves out, rather than giving null."""
        if self.webhook_id is not None:
            found["webhook_id"] = str(self.webhook_id)
        if self.author is self.channel.world.bot:
            found["application_id"] = str(self.author.id)
        if self.interaction is not None:
            found["webhook_id"] = str(self.author.id)
            found["interaction_metadata"] = self.interaction.metadata()
        if self.reactions:
            found["reactions"] = [self._reaction(emoji, people) for emoji, people in self.reactions.items()]
        if self.thread is not None:
            found["thread"] = self.thread.payload()
        if self.reference_id is not None:
            found["message_reference"] = self._reference()
            if not nested and self.type != THREAD_CREATED:
                gone = self.reference is None or self.reference.deleted
                shown = None if gone or self.reference is None else self.reference.payload(nested=True)
                found["referenced_message"] = shown

    def _reference(self) -> Json:
        if self.type == THREAD_CREATED:
            return {"type": 0, "channel_id": str(self.reference_id), "guild_id": str(self.channel.guild_id)}
        channel = self.reference.channel if self.reference is not None else self.channel
        found: Json = {"type": 0, "channel_id": str(channel.id), "message_id": str(self.reference_id)}
        return found | ({"guild_id": str(channel.guild.id)} if channel.guild is not None else {})

    def _reaction(self, emoji: str, people: list[Person]) -> Json:
        count = len(people)
        return {
            "emoji": {"id": None, "name": emoji},
            "count": count,
            "count_details": {"burst": 0, "normal": count},
            "burst_colors": [],
            "me_burst": False,
            "burst_me": False,
            "burst_count": 0,
            "me": self.channel.world.bot in people,
        }


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component within the given ones, depth first."""
    for part in components:
        yield part
        yield from walk(part.get("components", []))
        inner = [part[name] for name in ("accessory", "component") if name in part]
        yield from walk(inner)
