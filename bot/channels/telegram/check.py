"""Whether a token works, without answering anyone: for `parley doctor`."""

from __future__ import annotations

from contextlib import suppress

from telegram.error import TelegramError

from bot.channels.telegram import client
from bot.channels.telegram.errors import NOT_REACHED, translated
from bot.errors import ChannelError, DeliveryError
from bot.settings.channels import TelegramSettings


async def check(settings: TelegramSettings, token: str) -> tuple[str, str]:
    """Who the bot is, and what to look at, empty where nothing is. Raises ChannelError and SettingsError."""
    bot = client.build(settings, token).bot
    try:
        me = await bot.get_me()
    except TelegramError as error:
        found = translated(error)
        raise ChannelError(NOT_REACHED) if isinstance(found, DeliveryError) else found from None
    finally:
        with suppress(TelegramError):
            await bot.shutdown()
    groups = "" if me.can_join_groups else "It may not join groups: @BotFather, /setjoingroups."
    return f"@{me.username}", groups
