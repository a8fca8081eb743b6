"""Sentences of the channel itself, where a message cannot be taken in as it is."""

from __future__ import annotations

import logging

import discord

from bot.channels.discord.body import Body
from bot.channels.discord.door import Refused, door
from bot.channels.discord.wire import Wire
from bot.errors import DeliveryError
from bot.ports import LanguageTools, Texts

log = logging.getLogger(__name__)


class Asides:
    """Says one sentence in reply to a message, in the message's language."""

    def __init__(self, wire: Wire, texts: Texts, languages: LanguageTools, refused: Refused) -> None:
        self._wire = wire
        self._texts = texts
        self._languages = languages
        self._refused = refused

    async def tell(self, message: discord.Message, text_id: str, **values: str | int | float) -> None:
        """What the platform refuses is logged: the sentence is a courtesy."""
        language = self._languages.detect(message.content[:1000])
        body = Body(self._texts(text_id, language, **values))
        channel = message.channel.id
        try:
            with door(self._refused, sends=True):
                await self._wire.send(channel, body.sent(f"aside-{message.id}"[:25], message.id, channel))
        except DeliveryError as error:
            log.info("an aside could not be said: %s", type(error).__name__)
