"""A thread for each question, where the operator wants that."""

from __future__ import annotations

import logging
from dataclasses import replace

import discord

from bot.channels.discord.convert import Place, conversation_id
from bot.channels.discord.door import Refused, door
from bot.channels.discord.embeds import shortened
from bot.channels.discord.wire import Wire
from bot.domain import Incoming
from bot.domain.text import without_command
from bot.errors import DeliveryError

log = logging.getLogger(__name__)

MOST_NAME = 100  # characters


class Threads:
    """Opens threads on messages. A thread that was opened on a message has the message's id."""

    def __init__(self, wire: Wire, refused: Refused) -> None:
        self._wire = wire
        self._refused = refused

    async def open(self, message: discord.Message, question: str) -> int:
        """The thread of a question, opened if it is not there; 0 where Discord refuses: then the answer stays here."""
        if message.flags.has_thread:
            return message.id
        name = shortened(without_command(question), MOST_NAME) or message.author.display_name
        try:
            with door(self._refused):
                return await self._wire.thread(message.channel.id, message.id, name)
        except DeliveryError as error:
            log.info("no thread can be opened: %s", type(error).__name__)
            return 0


def moved(said: Incoming, me: int, thread: int, place: Place) -> Incoming:
    """The same message as the beginning of a thread."""
    address = {**said.origin.address, "channel": thread, "parent": place.channel}
    return replace(said, conversation_id=conversation_id(me, thread), origin=replace(said.origin, address=address))
