"""Whether a token works and the intents are granted, without answering anyone: for `parley doctor`."""

from __future__ import annotations

import aiohttp
import discord

from bot.channels.discord.api import api_at
from bot.channels.discord.client import intents_for
from bot.channels.discord.errors import MISSING_INTENT, translate
from bot.errors import ChannelError
from bot.settings.channels import DiscordSettings


async def check(settings: DiscordSettings, token: str) -> tuple[str, str]:
    """Who the bot is, and what to look at, empty where nothing is. Raises ChannelError and SettingsError."""
    with api_at(settings.api_base):
        async with discord.Client(intents=intents_for(settings.message_content)) as client:
            try:
                await client.login(token)
                application = await client.application_info()
            except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
                found = translate(error)
                raise found if isinstance(found, ChannelError) else ChannelError(str(found)) from None
            flags = application.flags
            granted = flags.gateway_message_content or flags.gateway_message_content_limited
            missing = settings.message_content and not granted
            return f"{client.user}", MISSING_INTENT if missing else ""
