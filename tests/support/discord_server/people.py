"""People, bots among them, and what a person can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import commanding, pressing
from .basics import Json
from .channels import DM, Channel
from .messages import Message

if TYPE_CHECKING:
    from .guilds import Guild
    from .interactions import Interaction
    from .world import World


@dataclass(eq=False)
class Person:
    """Someone with an account. Verbs give back what the person then sees."""

    world: World
    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    dms_open: bool = True

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def payload(self) -> Json:
        found: Json = {
            "id": str(self.id),
            "username": self.name.lower().replace(" ", "_"),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "public_flags": 0,
        }
        return found | ({"bot": True} if self.bot else {})

    def dm(self) -> Channel:
        """The direct messages between this person and the bot; there is only one such channel."""
        for channel in self.world.channels.values():
            if channel.kind == DM and channel.recipient is self:
                return channel
        channel = Channel(self.world, self.world.ids.next(), DM, "", recipient=self)
        self.world.channels[channel.id] = channel
        return channel

    def closes_dms(self) -> None:
        """Messages to this person are refused from now on (50007)."""
        self.dms_open = False

    async def slash(self, command: str, *, channel: Channel, wait: bool = True, **options: Any) -> Interaction:
        """Use a slash command, "ask" or "group ask".

        Options: text, numbers, truth values, Person, Role, Channel, or (filename, bytes) for a file. With wait
        it returns once the bot has responded or its 3 seconds are over. Raises AssertionError where Discord's client
        would not offer the command or take the options.
        """
        return await commanding.slash(self, command, channel, options, wait)

    async def autocomplete(self, command: str, *, channel: Channel, **options: Any) -> list[Json]:
        """Type in the last option; gives the choices offered ({"name": …, "value": …})."""
        return await commanding.autocomplete(self, command, channel, options)

    async def context_menu(
        self, command: str, target: Message | Person, *, channel: Channel | None = None
    ) -> Interaction:
        """Choose from the Apps menu of a message or of a person (then in a channel)."""
        return await commanding.context_menu(self, command, target, channel)

    async def presses(self, message: Message, label: str, *, wait: bool = True) -> Interaction:
        """Press the button with this label (or custom id)."""
        return await pressing.press(self, message, label, wait)

    async def selects(
        self, message: Message, *chosen: str | Person | Channel, menu: str | None = None, wait: bool = True
    ) -> Interaction:
        """Choose from a select menu (by placeholder or custom id; default: the only one), options by label or value."""
        return await pressing.select(self, message, chosen, menu, wait)

    def guilds(self) -> list[Guild]:
        return [guild for guild in self.world.guilds.values() if self.id in guild.members]
