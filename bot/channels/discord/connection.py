"""One run of the client: from logging in to the end, with all that takes in what it brings."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
from discord.gateway import DiscordWebSocket, KeepAliveHandler

from bot.channels.discord.api import find_gateway, is_discord
from bot.channels.discord.asides import Asides
from bot.channels.discord.catch_up import CatchUp
from bot.channels.discord.client import ParleyClient
from bot.channels.discord.commands import asking, serving
from bot.channels.discord.door import door
from bot.channels.discord.errors import translate
from bot.channels.discord.files import Attachments
from bot.channels.discord.intake import Intake
from bot.channels.discord.interactions import Interactions
from bot.channels.discord.reading import Reading, menus
from bot.channels.discord.rules import Rules
from bot.channels.discord.suggesting import Suggesting
from bot.channels.discord.sync import synchronise
from bot.channels.discord.threads import Threads
from bot.channels.discord.wire import Wire
from bot.channels.discord.wording import CatalogueTranslator, Wording
from bot.delivery.progress import happens
from bot.delivery.reception import Reception
from bot.errors import ChannelError, DeliveryError, TryLater
from bot.ports import Knowledge, LanguageTools, Storage, Texts
from bot.settings.channels import DiscordSettings

log = logging.getLogger(__name__)

LONGEST_LOOK = 300.0  # seconds that a message waits for a session to begin
CLOSED_WITHIN = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Gear:
    """What every run of the channel works with."""

    settings: DiscordSettings
    rules: Rules
    reception: Reception
    storage: Storage
    texts: Texts
    languages: LanguageTools
    files: Attachments
    knowledge: Knowledge | None
    personas: Callable[[], Sequence[str]]
    guild_ready_timeout: float


class Connection:
    """The client and its handlers. `up` is told the bot's own id once it has logged in."""

    def __init__(self, gear: Gear, ready: Callable[[], None], up: Callable[[int], Awaitable[None]]) -> None:
        settings = gear.settings
        self._gear = gear
        self._ready = ready
        self._up = up
        self._refusal: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._catching_up: set[asyncio.Task[int]] = set()
        self._looked = asyncio.Event()
        self._sessions = 0
        self._ended = False
        self._client = ParleyClient(self, settings.message_content, settings.shards, gear.guild_ready_timeout)
        self.wire = Wire(self._client.http)
        self.commands: dict[str, int] = {}  # the ids of the slash commands

    async def run(self, token: str) -> None:
        """Until cancelled. Raises ChannelError where Discord refuses us, DeliveryError where it cannot be reached."""
        async with self._client:
            running = asyncio.ensure_future(self._client.start(token))
            try:
                await asyncio.wait({running, self._refusal}, return_when=asyncio.FIRST_COMPLETED)
                if self._refusal.done():
                    self._refusal.result()
                running.result()
            except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
                raise translate(error) from None
            finally:
                await self._end(running)
        raise TryLater("Discord closed the connection.")

    async def _end(self, running: asyncio.Future[None]) -> None:
        """Let go of what would go on in the place of the next connection."""
        self._ended = True
        self._looked.set()
        for task in self._catching_up:
            task.cancel()
        running.cancel()
        await self._client.close()  # while it connects again, the library takes a cancellation for the end of that
        tasks: set[asyncio.Future[Any]] = {running, *self._catching_up}
        await asyncio.wait(tasks, timeout=CLOSED_WITHIN)
        for socket in self._left_open():
            with suppress(Exception):
                async with asyncio.timeout(CLOSED_WITHIN):
                    await socket.close(1000)

    def _left_open(self) -> list[DiscordWebSocket]:
        """What the library forgets where it is cancelled while it connects; each has a thread that keeps it alive."""
        hearts = [thread for thread in threading.enumerate() if isinstance(thread, KeepAliveHandler)]
        return [heart.ws for heart in hearts if heart.ws._connection is self._client._connection]

    def refused(self, error: ChannelError) -> None:
        """A call was refused in a way that ends the channel."""
        if not self._refusal.done():
            self._refusal.set_exception(error)

    async def up(self) -> None:
        gear, client = self._gear, self._client
        assert client.user is not None, "the client has logged in"
        me = client.user.id
        if not is_discord(gear.settings.api_base):
            await find_gateway(client.http)
        asides = Asides(self.wire, gear.texts, gear.languages, self.refused)
        threads = Threads(self.wire, self.refused)
        self._intake = Intake(
            me, gear.rules, gear.reception, gear.storage, gear.files, threads, asides, self._is_left_to_the_next
        )
        self._desk = Interactions(me, gear.rules, gear.reception, self.wire, gear.texts, self.refused)
        self._catch_up = CatchUp(
            client, self._intake, gear.storage, gear.rules, self.refused, gear.settings.catch_up_minutes
        )
        await self._register()
        await self._up(me)
        self._me = me

    async def beginning(self) -> None:
        self._looked.clear()
        self._sessions += 1

    async def connected(self) -> None:
        self._ready()
        self._ready = _told
        session = self._sessions

        def looked() -> None:
            if session == self._sessions:  # a later one has not been looked at yet
                self._looked.set()

        catching_up = asyncio.create_task(self._catch_up.run(str(self._me), looked))
        self._catching_up.add(catching_up)
        try:
            missed = await catching_up
        except asyncio.CancelledError:
            return  # the connection has ended, and the next one reads
        finally:
            self._catching_up.discard(catching_up)
            looked()
        log.info("connected to Discord; %d messages read that came while away", missed)

    async def message(self, message: discord.Message) -> None:
        # How far a place was seen is told by its last turn: a newer one, kept too soon, would hide what was missed.
        await happens(self._looked, LONGEST_LOOK)
        await self._intake.message(message)

    def _is_left_to_the_next(self) -> bool:
        """Whether the next connection reads what is not taken in by now."""
        return self._ended and bool(self._gear.settings.catch_up_minutes)

    async def edited(self, message: discord.Message) -> None:
        await self._intake.edited(message)

    async def deleted(self, channel: int, message: int) -> None:
        await self._intake.deleted(channel, message)

    async def reaction(self, event: discord.RawReactionActionEvent) -> None:
        await self._intake.reaction(event)

    async def pressed(self, interaction: discord.Interaction[Any]) -> None:
        await self._desk.pressed(interaction)

    async def broken(self, interaction: discord.Interaction[Any]) -> None:
        await self._desk.broken(interaction)

    async def _register(self) -> None:
        """Commands that cannot be registered now are no reason not to answer messages."""
        gear, tree = self._gear, self._client.tree
        wording, suggesting = Wording(gear.texts), Suggesting(gear.knowledge, gear.personas, self._desk.lets_in)
        reading = Reading(self._desk, gear.files, self.refused)
        for command in asking(self._desk, wording, suggesting, reading):
            tree.add_command(command)
        for command in serving(self._desk, wording, suggesting, gear.files):
            tree.add_command(command)
        for menu in menus(reading, wording):
            tree.add_command(menu)
        await tree.set_translator(CatalogueTranslator(gear.texts))
        try:
            with door(self.refused):
                self.commands.update(await synchronise(tree))
        except DeliveryError as error:
            log.error("the commands cannot be registered: %s", error)


def _told() -> None:
    """Being ready is told once."""
