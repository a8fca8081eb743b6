"""Commands about messages that are there already: the Apps menu on one of them, and `/summarise` of the last ones."""

from __future__ import annotations

import logging
from typing import Any

import discord
from discord import app_commands

from bot.channels.discord.convert import shown_text, transcript
from bot.channels.discord.door import Refused, door
from bot.channels.discord.embeds import shortened
from bot.channels.discord.files import Attachments
from bot.channels.discord.interactions import Interactions
from bot.channels.discord.patience import persistently
from bot.channels.discord.spoken import MOST_TRANSCRIPT
from bot.channels.discord.wording import Wording
from bot.domain import File
from bot.errors import DeliveryError

log = logging.getLogger(__name__)

LAST = 50  # messages of a channel
WHOLE = 100  # messages of a thread
MOST_TITLE = 80  # characters

Interaction = discord.Interaction[Any]


class Reading:
    """Fetches what a command is about, and hands it on as the quoted text."""

    def __init__(self, desk: Interactions, files: Attachments, refused: Refused) -> None:
        self._desk = desk
        self._files = files
        self._refused = refused

    async def summarise(self, interaction: Interaction, count: int | None) -> None:
        """The last messages of the channel; of a thread all, up to a limit."""
        if not await self._begun(interaction, "/summarise", private=False):
            return
        thread = isinstance(interaction.channel, discord.Thread)
        hidden = interaction.guild_id is not None and not interaction.permissions.read_message_history
        messages = None if hidden else await self._last(interaction, count or (WHOLE if thread else LAST))
        if messages is None:
            await self._desk.tell(interaction, "discord-cannot-read")
            return
        text = transcript(messages, self._desk.me, MOST_TRANSCRIPT)
        if not text:
            await self._desk.tell(interaction, "discord-nothing-said")
            return
        await self._desk.said(interaction, "/summarise", quoted=text)

    async def translate(self, interaction: Interaction, message: discord.Message) -> None:
        await self._about(interaction, message, "/translate")

    async def summarise_one(self, interaction: Interaction, message: discord.Message) -> None:
        await self._about(interaction, message, "/summarise")

    async def answer(self, interaction: Interaction, message: discord.Message) -> None:
        """The answer is for everybody who read the question."""
        if not await self._begun(interaction, "/ask", private=False):
            return
        question = shown_text(message, self._desk.me)
        if question:
            await self._desk.said(interaction, f"/ask {question}")
        else:
            await self._desk.tell(interaction, "discord-nothing-said")

    async def learn(self, interaction: Interaction, message: discord.Message) -> None:
        """The message's files, or else its words, go into the knowledge base, if a manager says so."""
        if not await self._desk.defer(interaction, private=True):
            return
        files: tuple[File, ...] = ()
        if self._desk.manages(interaction):
            fetched = await self._files.fetch(message.attachments)
            if fetched.too_big:
                await self._desk.tell(interaction, "discord-file-too-big", most=int(self._files.most))
                return
            text = shown_text(message, self._desk.me)
            files = tuple(fetched.files)
            if not files and text:
                page = _titled(text).encode("utf-8", "replace")
                files = (await self._files.files.keep(f"discord-{message.id}.md", page, "text/markdown"),)
        await self._desk.said(interaction, "/learn", private=True, files=files)

    async def _about(self, interaction: Interaction, message: discord.Message, command: str) -> None:
        """Only who asked sees it: nobody else in the channel needs another version of what stands there."""
        if not await self._begun(interaction, command, private=True):
            return
        text = shown_text(message, self._desk.me)
        if text:
            ours = message.author.id == self._desk.me
            await self._desk.said(interaction, command, private=True, quoted=text, quoted_ours=ours)
        else:
            await self._desk.tell(interaction, "discord-nothing-said")

    async def _begun(self, interaction: Interaction, command: str, private: bool) -> bool:
        """Acknowledge it. For who is not let in nothing is read: the bare command is taken in, which tells them why, or
        leaves them in silence.
        """
        if not await self._desk.defer(interaction, private):
            return False
        admitted = await persistently(lambda: self._desk.lets_in(interaction))
        if not admitted:
            await self._desk.said(interaction, command, private=private)
        return admitted

    async def _last(self, interaction: Interaction, count: int) -> list[discord.Message] | None:
        """Oldest first, without what Parley is just about to say; None where Discord does not let us read."""
        channel = interaction.client.get_partial_messageable(interaction.channel_id or 0, guild_id=interaction.guild_id)
        try:
            with door(self._refused):
                found = [each async for each in channel.history(limit=count + 1) if not each.flags.loading]
        except DeliveryError as error:
            log.info("a channel cannot be read: %s", type(error).__name__)
            return None
        return found[:count][::-1]


def _titled(text: str) -> str:
    """A message as a page whose title is how the message begins, unless it has a heading of its own."""
    return text if text.startswith("# ") else f"---\ntitle: {shortened(text, MOST_TITLE)}\n---\n{text}"


def menus(reading: Reading, wording: Wording) -> list[app_commands.ContextMenu]:
    """The entries of the Apps menu on a message."""

    async def translate(interaction: Interaction, message: discord.Message) -> None:
        await reading.translate(interaction, message)

    async def summarise(interaction: Interaction, message: discord.Message) -> None:
        await reading.summarise_one(interaction, message)

    async def answer(interaction: Interaction, message: discord.Message) -> None:
        await reading.answer(interaction, message)

    async def learn(interaction: Interaction, message: discord.Message) -> None:
        await reading.learn(interaction, message)

    return [wording.menu(callback.__name__, callback) for callback in (translate, summarise, answer, learn)]
