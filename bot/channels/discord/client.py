"""discord.py's client, with the intents that are needed and no more. Its handlers only take in."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

import discord
from discord import app_commands

from bot.mistakes import place_of

log = logging.getLogger(__name__)


class Handlers(Protocol):
    """What the channel does with events."""

    async def up(self) -> None:
        """The client has logged in; nothing is received yet."""
        ...

    async def beginning(self) -> None:
        """A session begins, at the start or after a break that could not be resumed; its first events may follow."""
        ...

    async def connected(self) -> None:
        """The session has begun: the servers are known."""
        ...

    async def message(self, message: discord.Message) -> None: ...

    async def edited(self, message: discord.Message) -> None: ...

    async def deleted(self, channel: int, message: int) -> None: ...

    async def reaction(self, event: discord.RawReactionActionEvent) -> None: ...

    async def pressed(self, interaction: discord.Interaction[Any]) -> None: ...

    async def broken(self, interaction: discord.Interaction[Any]) -> None:
        """A command ended by a mistake of ours."""
        ...


def intents_for(message_content: bool) -> discord.Intents:
    """Messages and reactions, in servers and direct; what servers there are; and what messages say."""
    intents = discord.Intents.none()
    intents.guilds = True
    intents.messages = True
    intents.reactions = True
    intents.message_content = message_content
    return intents


_OF_THE_SESSION = frozenset({"READY", "RESUMED"})  # without these there is nothing to go on with

Parser = Callable[[Any], Any]


def _guard(parsers: dict[str, Parser]) -> None:
    """discord.py closes the connection for good where it cannot read an event; here it loses that event alone."""
    for event in parsers.keys() - _OF_THE_SESSION:
        parsers[event] = _guarded(event, parsers[event])


def _guarded(event: str, parse: Parser) -> Parser:
    @wraps(parse)
    def guarded(data: Any) -> Any:
        try:
            return parse(data)
        except Exception as error:  # noqa: BLE001 - whatever is in it, the next event is to be read
            log.warning("an event of Discord cannot be read (%s): %s", event, type(error).__name__)
            return None

    return guarded


class Tree(app_commands.CommandTree["ParleyClient"]):
    """The commands. One that goes wrong is told to who used it, instead of “thinking …” for a quarter of an hour."""

    async def on_error(
        self, interaction: discord.Interaction[ParleyClient], error: app_commands.AppCommandError, /
    ) -> None:
        original = getattr(error, "original", error)
        log.error("a command could not be taken in: %s at %s", type(original).__name__, place_of(original))
        await self.client.broken(interaction)


class ParleyClient(discord.AutoShardedClient):
    """Hands events on to `handlers`. It keeps neither messages nor members in memory."""

    def __init__(
        self,
        handlers: Handlers,
        message_content: bool,
        shards: int,
        guild_ready_timeout: float,
    ) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nothing is said aloud here
        super().__init__(
            intents=intents_for(message_content),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            shard_count=shards or None,
            guild_ready_timeout=guild_ready_timeout,
            max_ratelimit_timeout=60.0,
        )
        _guard(self._connection.parsers)
        self.tree = Tree(self)
        self._events_to = handlers
        self._was_ready = False

    async def setup_hook(self) -> None:
        await self._events_to.up()

    async def on_connect(self) -> None:
        await self._events_to.beginning()

    async def on_ready(self) -> None:
        # Of later sessions on_shard_ready tells: with several shards, this is not called for one of them alone.
        if not self._was_ready:
            self._was_ready = True
            await self._events_to.connected()

    async def on_shard_ready(self, _: int) -> None:
        if self._was_ready:
            await self._events_to.connected()

    async def on_message(self, message: discord.Message) -> None:
        await self._events_to.message(message)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        await self._events_to.edited(event.message)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        await self._events_to.deleted(event.channel_id, event.message_id)

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        for message in event.message_ids:
            await self._events_to.deleted(event.channel_id, message)

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        await self._events_to.reaction(event)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        await self._events_to.reaction(event)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        if interaction.type is discord.InteractionType.component:
            await self._events_to.pressed(interaction)

    async def broken(self, interaction: discord.Interaction[Any]) -> None:
        await self._events_to.broken(interaction)

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """One event that goes wrong stops nothing. What it held is not logged."""
        error = sys.exception()
        # No traceback: its error's text can hold what a person wrote. The place is enough to find the mistake.
        log.error("an event of Discord is lost (%s): %s at %s", event_method, type(error).__name__, place_of(error))
