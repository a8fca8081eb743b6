"""The one door through which discord.py's errors become Parley's."""

from __future__ import annotations

import aiohttp
import discord

from bot.errors import ChannelError, DeliveryError, MessageGone, ParleyError, TryLater, Unreachable

PORTAL = "https://discord.com/developers/applications"
WRONG_TOKEN = (
    f"Discord refuses the token. Copy it anew from {PORTAL} (your application, Bot, Reset Token) into "
    "PARLEY_DISCORD__TOKEN."
)
MISSING_INTENT = (
    "Discord refuses the intent Message Content. Switch it on at "
    f"{PORTAL} (your application, Bot, Message Content Intent), or set discord.message_content = false."
)
SHARDING = "Discord refuses the number of gateway connections. Set discord.shards = 0 to take what Discord recommends."
OUTDATED = "Discord refuses this version of its library. Install a newer one: pip install --upgrade discord.py"

UNKNOWN_MESSAGE = 10008
# Unknown webhook, unknown interaction, invalid webhook token: the 15 minutes of an interaction are over.
TOKEN_OVER = frozenset({10015, 10062, 50027})
# Close codes of the gateway after which connecting again cannot help.
FATAL_CLOSES = {
    4004: WRONG_TOKEN,
    4010: SHARDING,
    4011: SHARDING,
    4012: OUTDATED,
    4013: OUTDATED,
    4014: MISSING_INTENT,
}


class TokenOver(Unreachable):
    """An interaction's token is used up or too old; the reply goes another way."""


def translate(error: BaseException, *, sends: bool = False) -> ParleyError:
    """What an error of discord.py, or of the connection below it, means. `sends`: the call would have made a message,
    which may stand there now. The sentence never holds what Discord quotes of a message.
    """
    if isinstance(error, ParleyError):
        return error
    if isinstance(error, discord.RateLimited):
        return TryLater("Discord asks to wait.", error.retry_after)
    if isinstance(error, discord.HTTPException):  # LoginFailure is none of them
        return _by_status(error, sends)
    if isinstance(error, discord.LoginFailure):
        return ChannelError(WRONG_TOKEN)
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return ChannelError(MISSING_INTENT)
    if isinstance(error, discord.ConnectionClosed):
        reason = FATAL_CLOSES.get(error.code or 0)
        return ChannelError(reason) if reason else TryLater(f"Discord closed the connection ({error.code}).")
    if isinstance(error, discord.GatewayNotFound | aiohttp.ClientError | OSError | TimeoutError):
        return TryLater(f"Discord cannot be reached ({type(error).__name__}).", doubtful=sends)
    return DeliveryError(f"Discord's library gave up ({type(error).__name__}).")


def _by_status(error: discord.HTTPException, sends: bool) -> ParleyError:
    what = f"HTTP {error.status}, code {error.code}"
    if error.status == 401:
        return (
            TokenOver(f"The interaction is over ({what}).") if error.code in TOKEN_OVER else ChannelError(WRONG_TOKEN)
        )
    if error.status == 429:
        return TryLater(f"Discord asks to wait ({what}).", _retry_after(error))
    if error.status >= 500:
        return TryLater(f"Discord has a fault ({what}).", doubtful=sends)
    if error.code == UNKNOWN_MESSAGE:
        return MessageGone(f"The message is gone ({what}).")
    if error.code in TOKEN_OVER:
        return TokenOver(f"The interaction is over ({what}).")
    return Unreachable(f"Discord refuses for good ({what}).")


def _retry_after(error: discord.HTTPException) -> float | None:
    try:
        return float(error.response.headers["Retry-After"])
    except (KeyError, ValueError, AttributeError):
        return None
