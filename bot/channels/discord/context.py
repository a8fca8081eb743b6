"""What a message replies to, further back than Discord sends along."""

from __future__ import annotations

import logging

import aiohttp
import discord

from bot.channels.discord.convert import parent_in_payload, replies

log = logging.getLogger(__name__)

LONGEST_CHAIN = 5


async def chain_of(message: discord.Message) -> list[discord.Message]:
    """The messages that led here, each a reply to the one before it: oldest first, at most `LONGEST_CHAIN`."""
    chain: list[discord.Message] = []
    current = message
    while len(chain) < LONGEST_CHAIN and (parent := await parent_of(current)) is not None:
        chain.append(parent)
        current = parent
    return chain[::-1]


async def parent_of(message: discord.Message) -> discord.Message | None:
    """The message that this one replies to; None where there is none, or it is gone or hidden from us."""
    found = parent_in_payload(message)
    reference = message.reference
    if found is not None or reference is None or not replies(message) or reference.message_id is None:
        return found
    if isinstance(reference.resolved, discord.DeletedReferencedMessage):
        return None
    try:
        return await message.channel.fetch_message(reference.message_id)
    except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
        log.info("a message that was replied to cannot be fetched: %s", type(error).__name__)
        return None
