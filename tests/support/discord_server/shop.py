"""A guild with two people and a client, for tests of the server itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord

from .channels import Channel
from .client import a_client, connected
from .guilds import Guild
from .messages import Message
from .people import Person
from .server import DiscordServer

TOKEN = "secret-token"


class Events(asyncio.Queue[Any]):
    """What a client heard of one kind, in order."""

    async def next(self) -> Any:
        async with asyncio.timeout(10):
            return await self.get()


class Shop:
    """Alice and Bob in the channel "support" of a guild, and a client; `heard` has the messages of others."""

    def __init__(self, server: DiscordServer, client: discord.Client) -> None:
        self.server = server
        self.client = client
        self.guild: Guild = server.guild("Shop")
        self.support: Channel = self.guild.text_channel("support")
        self.alice: Person = server.person("Alice")
        self.bob: Person = server.person("Bob")
        self.guild.joins(self.alice)
        self.guild.joins(self.bob)
        self.heard = self.listens("message")

    def listens(self, event: str) -> Events:
        """Everything that the client dispatches under this name, the bot's own messages aside."""
        events = Events()

        async def handler(*things: Any) -> None:
            own = things and isinstance(things[0], discord.Message) and things[0].author == self.client.user
            if not own:
                events.put_nowait(things[0] if len(things) == 1 else things)

        setattr(self.client, f"on_{event}", handler)
        return events

    async def hears(self, text: str) -> discord.Message:
        """Alice says it in the channel; gives what the client got."""
        await self.support.says(self.alice, text)
        found = await self.heard.next()
        assert isinstance(found, discord.Message)
        return found

    def channel(self) -> discord.TextChannel:
        """The channel as the client has it."""
        found = self.client.get_channel(self.support.id)
        assert isinstance(found, discord.TextChannel)
        return found

    def last(self) -> Message:
        """The bot's newest message in the channel."""
        return self.support.bot_messages()[-1]


@asynccontextmanager
async def a_shop(client: discord.Client | None = None, **options: Any) -> AsyncIterator[Shop]:
    """The shop with its client ready; options are the server's."""
    async with DiscordServer(TOKEN, **{"rate_limits": False, "settle": 0.02, **options}) as server:
        shop = Shop(server, client or a_client())
        async with connected(shop.client, server, TOKEN):
            yield shop
