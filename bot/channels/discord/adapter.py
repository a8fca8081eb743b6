"""The Discord channel: opens the client, runs until it is cancelled, and makes the outlets of its turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.channels.discord.api import api_at
from bot.channels.discord.connection import Connection, Gear
from bot.channels.discord.convert import channel_of
from bot.channels.discord.files import Attachments
from bot.channels.discord.interaction_outlet import InteractionOutlet, Ticket
from bot.channels.discord.outlet import ChannelOutlet, Pen
from bot.channels.discord.rules import Rules
from bot.delivery.files import IncomingFiles
from bot.delivery.ports import Outlet, Pace
from bot.delivery.reception import Reception
from bot.domain import Channel, Origin
from bot.ports import Knowledge, LanguageTools, Storage, Texts
from bot.settings.channels import DiscordSettings

# Discord's published limits: 5 messages in 5 seconds in a channel, and 50 calls a second; some room is left for the
# calls that are no messages.
PACE = Pace(chat=(5, 5.0), overall=(40, 1.0), burst=4, edit_every=1.2)


class DiscordChannel:
    """Runs one bot on Discord. `personas` gives the names that `/persona` suggests.

    >>> async def serve(channel: DiscordChannel) -> None:
    ...     await channel.run(lambda: print("ready"))  # until cancelled
    """

    channel = Channel.DISCORD

    def __init__(
        self,
        settings: DiscordSettings,
        token: str,
        reception: Reception,
        storage: Storage,
        texts: Texts,
        languages: LanguageTools,
        home: Path,
        max_file_mb: float,
        knowledge: Knowledge | None = None,
        personas: Callable[[], Sequence[str]] = tuple,
        pace: Pace = PACE,
        guild_ready_timeout: float = 2.0,
    ) -> None:
        self.bot = ""  # the bot's own id, known once it has logged in
        self.pace = pace
        self._settings = settings
        self._token = token
        self._reception = reception
        self._connection: Connection | None = None
        self._gear = Gear(
            settings,
            Rules.of(settings),
            reception,
            storage,
            texts,
            languages,
            Attachments(IncomingFiles(home / "incoming"), max_file_mb),
            knowledge,
            personas,
            guild_ready_timeout,
        )

    async def run(self, ready: Callable[[], None]) -> None:
        """Answer people until cancelled; `ready` is called once. Raises ChannelError and SettingsError, where it is
        pointless to go on, and DeliveryError where Discord cannot be reached at the start.
        """
        with api_at(self._settings.api_base):
            self._connection = connection = Connection(self._gear, ready, self._up)
            sweeping = asyncio.create_task(self._gear.files.files.keep_swept())
            try:
                await connection.run(self._token)
            finally:
                sweeping.cancel()
                self._reception.close_channel(self)

    async def _up(self, me: int) -> None:
        self.bot = str(me)
        self._reception.open(self)
        await self._reception.resume(self)

    def outlet(self, conversation_id: str, origin: Origin) -> Outlet:
        """Where the reply to a turn goes. Must be called while the channel runs."""
        assert self._connection is not None, "the channel runs"
        connection, texts = self._connection, self._gear.texts
        pen = Pen(connection.wire, texts, connection.refused, connection.commands, int(self.bot))
        address = origin.address
        channel = int(address.get("channel", 0)) or channel_of(conversation_id)
        streaming = self._settings.streaming
        if "token" in address:
            ticket = Ticket(
                int(address.get("application", 0)),
                str(address["token"]),
                int(address.get("user", 0)),
                int(address.get("pressed", 0)),
                bool(address.get("private", 0)),
            )
            return InteractionOutlet(pen, channel, origin.group, ticket, streaming)
        # In a thread of its own the question is not there to be replied to; in a direct message nobody else talks.
        moved = address.get("parent") and origin.message_id == str(channel)
        reply_to = int(origin.message_id) if origin.group and origin.message_id.isdecimal() and not moved else 0
        return ChannelOutlet(pen, channel, origin.group, reply_to, streaming)
