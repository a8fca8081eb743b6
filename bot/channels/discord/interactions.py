"""What people do other than write: commands, the Apps menu, buttons and menus. Each is acknowledged at once."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import Any

import aiohttp
import discord

from bot.channels.discord.body import Body
from bot.channels.discord.components import chosen
from bot.channels.discord.convert import (
    Place,
    conversation_id,
    place_of,
    roles_of,
    user_of,
)
from bot.channels.discord.door import Refused, door
from bot.channels.discord.patience import persistently
from bot.channels.discord.rules import Rules
from bot.channels.discord.spoken import origin_of, spoken_by
from bot.channels.discord.wire import Wire
from bot.delivery.reception import Reception
from bot.domain import File
from bot.errors import DeliveryError, MessageGone, StorageError
from bot.ports import Texts

log = logging.getLogger(__name__)

NO_MORE = frozenset({10062, 40060})  # too late, or acknowledged already
_FAULTS = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)

Interaction = discord.Interaction[Any]


class Interactions:
    """Takes in interactions. `me` is the bot's own id."""

    settle = 3.0  # seconds after which a response that nobody will fill in is taken away

    def __init__(self, me: int, rules: Rules, reception: Reception, wire: Wire, texts: Texts, refused: Refused) -> None:
        self.me = me
        self.rules = rules
        self._reception = reception
        self._wire = wire
        self._texts = texts
        self._refused = refused

    async def defer(self, interaction: Interaction, private: bool) -> bool:
        """Acknowledge a command, within the 3 seconds that Discord gives; False if there is nothing more to do."""
        if not self._admits(interaction):
            await self._refuse(interaction)
            return False
        return await self._acknowledged(interaction, thinking=True, ephemeral=private)

    async def said(
        self,
        interaction: Interaction,
        text: str,
        *,
        private: bool = False,
        quoted: str = "",
        quoted_ours: bool = False,
        files: tuple[File, ...] = (),
    ) -> None:
        """Take in, after `defer`, what a command says in Parley's own form."""
        incoming = spoken_by(
            interaction, _place(interaction), text, self.rules, self.me, quoted, quoted_ours, files, private
        )
        try:
            turn = await persistently(partial(self._reception.receive, incoming))
        except StorageError as error:
            log.warning("a command could not be taken in: %s", type(error).__name__)
            await self.tell(interaction, "failed")
            return
        if turn is None:
            await self._settle(interaction)

    async def command(self, interaction: Interaction, text: str, private: bool = False) -> None:
        """A command that needs nothing fetched."""
        if await self.defer(interaction, private):
            await self.said(interaction, text, private=private)

    def manages(self, interaction: Interaction) -> bool:
        """Whether the person may teach. The skill decides; this only spares fetching what it would not take."""
        return self.rules.is_manager(interaction.user.id, roles_of(interaction.user))

    async def lets_in(self, interaction: Interaction) -> bool:
        """Whether the person would be answered there; nothing is begun or said. Raises StorageError."""
        admits = self._reception.admits
        return self._admits(interaction) and await admits(user_of(interaction.user), self.manages(interaction))

    async def tell(self, interaction: Interaction, text_id: str, **values: str | int | float) -> None:
        """Say one sentence to the person alone, in place of the deferred response."""
        try:
            with suppress(MessageGone), door(self._refused):
                await self._wire.delete_response(interaction.application_id, interaction.token)
        except DeliveryError as error:
            log.info("a deferred response stays: %s", type(error).__name__)
        await self._whisper(interaction, self._texts(text_id, _language(interaction), **values))

    async def broken(self, interaction: Interaction) -> None:
        """A command ended by a mistake of ours, maybe before it was acknowledged."""
        if interaction.response.is_done() or await self._acknowledged(interaction, thinking=True, ephemeral=True):
            await self.tell(interaction, "failed")

    async def pressed(self, interaction: Interaction) -> None:
        """A button was pressed, or something chosen in a menu, maybe under a message from before the last restart."""
        if not self._admits(interaction):
            await self._refuse(interaction)
            return
        if not await self._acknowledged(interaction):
            return
        place = _place(interaction)
        origin = origin_of(interaction, place, self.rules, private=False)
        notice = await persistently(
            lambda: self._reception.pressed(
                user_of(interaction.user),
                conversation_id(self.me, place.channel),
                chosen(dict(interaction.data or {})),
                origin,
                f"interaction:{interaction.id}",
                str(self.me),
            )
        )
        if notice.text:
            await self._whisper(interaction, notice.text)

    async def _acknowledged(self, interaction: Interaction, **how: bool) -> bool:
        try:
            await interaction.response.defer(**how)
        except discord.HTTPException as error:
            log.warning("an interaction could not be acknowledged (HTTP %s, code %s)", error.status, error.code)
            return error.code not in NO_MORE
        except _FAULTS as error:  # it may have come through; if not, the reply is a plain message
            log.warning("an interaction was perhaps not acknowledged: %s", type(error).__name__)
        return True

    async def _settle(self, interaction: Interaction) -> None:
        """No turn was begun. If nobody tells why, “thinking …” would stand there for a quarter of an hour."""
        await asyncio.sleep(self.settle)
        try:
            with door(self._refused):
                response = await self._wire.response(interaction.application_id, interaction.token)
                if discord.MessageFlags._from_value(int(response.get("flags", 0))).loading:
                    await self._wire.delete_response(interaction.application_id, interaction.token)
        except DeliveryError as error:
            log.info("a response is left as it is: %s", type(error).__name__)

    async def _whisper(self, interaction: Interaction, text: str) -> None:
        payload = Body(text).followed_up(private=True)
        try:
            with door(self._refused, sends=True):
                await self._wire.follow_up(interaction.application_id, interaction.token, payload)
        except DeliveryError as error:
            log.info("a notice could not be shown: %s", type(error).__name__)

    def _admits(self, interaction: Interaction) -> bool:
        place = _place(interaction)
        if not place.group:
            return bool(place.channel)
        return self.rules.admits((place.channel, place.parent), roles_of(interaction.user))

    async def _refuse(self, interaction: Interaction) -> None:
        """Discord would say that the application does not respond; silence is not to be had here."""
        text = self._texts("discord-not-here", _language(interaction))
        try:
            await interaction.response.send_message(text, ephemeral=True)
        except _FAULTS as error:
            log.info("an interaction could not be refused: %s", type(error).__name__)


def _place(interaction: Interaction) -> Place:
    return place_of(interaction.channel, interaction.guild_id)


def _language(interaction: Interaction) -> str:
    return interaction.locale.value.partition("-")[0]
