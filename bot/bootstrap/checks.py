"""Asks each platform whether its token works: what `parley doctor` says of the channels."""

from __future__ import annotations

import asyncio

from bot.errors import ChannelError
from bot.extras import install
from bot.settings import Settings
from bot.settings.secrets import read_token

PATIENCE = 15.0  # seconds for a platform that does not answer


def check_channel(settings: Settings, name: str) -> tuple[str, str] | None:
    """Who the bot is, and what to look at (empty where nothing is); None where the channel has no token.

    Raises ChannelError for a channel that cannot run, and SettingsError.
    """
    token = read_token(getattr(settings, name), name)
    return asyncio.run(_ask(settings, name, token)) if token else None


async def _ask(settings: Settings, name: str, token: str) -> tuple[str, str]:
    try:
        async with asyncio.timeout(PATIENCE):
            if name == "telegram":
                from bot.channels.telegram.check import check as ask_telegram

                return await ask_telegram(settings.telegram, token)
            from bot.channels.discord.check import check as ask_discord

            return await ask_discord(settings.discord, token)
    except ModuleNotFoundError as error:
        raise ChannelError(f"the library {error.name} is not installed. {install(name)}") from None
    except TimeoutError:
        raise ChannelError(f"it did not answer within {PATIENCE:.0f} seconds") from None
