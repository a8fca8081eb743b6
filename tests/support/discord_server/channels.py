"""Channels, threads, forums and direct messages, with what people do in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .basics import ALL_PERMISSIONS, Json, Permission
from .messages import EPHEMERAL, Message
from .shown import Shown, shown

if TYPE_CHECKING:
    from .guilds import Guild, Role
    from .people import Person
    from .world import World

TEXT, DM, ANNOUNCEMENT, PUBLIC_THREAD, PRIVATE_THREAD, FORUM = 0, 1, 5, 11, 12, 15
_IN_DM = ALL_PERMISSIONS & ~int(Permission.ADMINISTRATOR | Permission.MANAGE_MESSAGES)


@dataclass(eq=False)
class Channel:
    """Any place with messages. `messages` keeps deleted ones too, marked."""

    world: World
    id: int
    kind: int
    name: str
    guild: Guild | None = None
    parent: Channel | None = None
    recipient: Person | None = None
    owner: Person | None = None
    topic: str | None = None
    archived: bool = False
    locked: bool = False
    messages: list[Message] = field(default_factory=list)
    overwrites: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    joined: list[Person] = field(default_factory=list)
    typing: dict[int, float] = field(default_factory=dict)
    tags: list[int] = field(default_factory=list)
    _taken: set[int] = field(default_factory=set)

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"

    @property
    def is_thread(self) -> bool:
        return self.kind in (PUBLIC_THREAD, PRIVATE_THREAD)

    @property
    def guild_id(self) -> int | None:
        return self.guild.id if self.guild is not None else None

    # What people do

    async def says(
        self,
        person: Person,
        text: str = "",
        *,
        files: Mapping[str, bytes] | None = None,
        embeds: list[Json] | None = None,
    ) -> Message:
        """The person writes a message here, with files as {name: bytes}."""
        return posting.says(self, person, text, files=files, embeds=embeds)

    async def replies(self, person: Person, to: Message, text: str, *, ping: bool = True) -> Message:
        """The person replies to a message; without ping its author is not mentioned."""
        return posting.says(self, person, text, reply_to=to, ping=ping)

    async def edits(self, message: Message, text: str) -> None:
        posting.edit(message, {"content": text})

    async def deletes(self, *messages: Message) -> None:
        """Delete a message; several at once as a moderator's bulk deletion."""
        posting.delete(list(messages))

    async def reacts(self, person: Person, message: Message, emoji: str) -> None:
        posting.react(message, person, emoji)

    async def unreacts(self, person: Person, message: Message, emoji: str) -> None:
        posting.unreact(message, person, emoji)

    async def types(self, person: Person) -> None:
        posting.typing(self, person)

    async def webhook_says(self, name: str, text: str) -> Message:
        """A webhook of this channel writes."""
        return posting.webhook_says(self, name, text)

    async def thread(self, person: Person, name: str, message: Message | None = None) -> Channel:
        """The person opens a thread here, on a message or without one."""
        return threads.open_thread(self, person, name, message=message)

    async def post(self, person: Person, title: str, text: str, *, files: Mapping[str, bytes] | None = None) -> Channel:
        """The person writes a post in this forum; gives its thread."""
        return threads.forum_post(self, person, title, text, files=files)

    def archive(self) -> None:
        threads.change(self, {"archived": True})

    def delete(self) -> None:
        threads.delete(self)

    # Who may what

    def permissions(self, person: Person) -> int:
        if self.guild is None:
            return _IN_DM if person is self.recipient or person is self.world.bot else 0
        if self.parent is not None:
            return self.parent.permissions(person)
        base = self.guild.permissions(person)
        if base & Permission.ADMINISTRATOR or person.id not in self.guild.members:
            return base
        steps = [[self.guild.id], [role.id for role in self.guild.members[person.id].roles], [person.id]]
        for ids in steps:
            found = [self.overwrites[one] for one in ids if one in self.overwrites]
            for _, _, deny in found:
                base &= ~deny
            for _, allow, _ in found:
                base |= allow
        return base

    def overwrite(self, who: Role | Person, *, allow: int = 0, deny: int = 0) -> None:
        """Permissions of a role or a person in this channel alone."""
        assert self.guild is not None
        kind = 0 if who.id in self.guild.roles else 1
        self.overwrites[who.id] = (kind, int(allow), int(deny))
        self.world.emit("CHANNEL_UPDATE", self.payload(), self.guild.id)

    # What a person sees

    def visible(self) -> list[Message]:
        """The messages that are there now, oldest first; ephemeral ones are not in it."""
        return [one for one in self.messages if not one.deleted and not one.flags & EPHEMERAL]

    def shown(self) -> list[Shown]:
        """What a person sees here now, oldest first."""
        return [shown(message) for message in self.visible()]

    def bot_messages(self) -> list[Message]:
        return [one for one in self.visible() if one.author is self.world.bot]

    def is_bot_typing(self, now: float) -> bool:
        return self.typing.get(self.world.bot.id, 0.0) > now

    async def answers(
        self, within: float = 10.0, where: Callable[[Message], bool] = lambda message: True
    ) -> list[Message]:
        """The bot's messages since the last look, once none of them changed for `settle` seconds of loop time."""

        def fresh() -> list[Message]:
            return [one for one in self.bot_messages() if one.id not in self._taken and where(one)]

        def last_change() -> float | None:
            found = fresh()
            if not found or any(message.loading for message in found):
                return None
            return max(message.touched for message in found)

        await self.world.settled(last_change, within, f"an answer in {self.name or 'the direct messages'}")
        found = fresh()
        self._taken.update(message.id for message in found)
        return found

    async def answer(self, within: float = 10.0, where: Callable[[Message], bool] = lambda message: True) -> Message:
        """The bot's next answer, which must be one message."""
        found = await self.answers(within, where)
        assert len(found) == 1, f"{len(found)} messages instead of one: {[message.text[:80] for message in found]}"
        return found[0]

    def payload(self) -> Json:
        from .channel_payload import channel_payload

        return channel_payload(self)


from . import posting, threads  # noqa: E402 - they need Channel
