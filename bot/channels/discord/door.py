"""Calls through the one door of errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import aiohttp
import discord

from bot.channels.discord.errors import translate
from bot.errors import ChannelError, TryLater

Refused = Callable[[ChannelError], None]


@contextmanager
def door(refused: Refused, sends: bool = False) -> Iterator[None]:
    """Raise DeliveryError for what goes wrong in Discord's library or on the way there.

    A token that was revoked is no fault of one message: `refused` is told, the channel ends, and the message is kept
    for a later start.
    """
    try:
        yield
    except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
        ours = translate(error, sends=sends)
        if isinstance(ours, ChannelError):
            refused(ours)
            raise TryLater("Discord refuses the token.") from None
        raise ours from None
    except RuntimeError as error:  # aiohttp's session was closed, as the channel is ending
        raise TryLater(f"The connection to Discord is closed ({type(error).__name__}).", doubtful=sends) from None
