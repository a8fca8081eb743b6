"""Where Discord's API is. discord.py keeps its addresses as class attributes: they are set here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

from bot.errors import SettingsError


@contextmanager
def api_at(base: str) -> Iterator[None]:
    """Point discord.py at an API, and back at the end. Interactions and webhooks use the same base.

    Raises SettingsError for plain http to another machine: the token would go over the wire readable.
    """
    base = checked(base)
    route, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE = base
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = route, gateway


def is_discord(base: str) -> bool:
    """Whether it is Discord itself, whose gateway discord.py knows."""
    return yarl.URL(base).host == "discord.com"


async def find_gateway(http: HTTPClient) -> None:
    """Ask an API that is not Discord's own for its gateway. Must be called inside `api_at`."""
    _, url, _ = await http.get_bot_gateway()
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)


def checked(base: str) -> str:
    """The address without a slash at its end. Raises SettingsError."""
    url = yarl.URL(base)
    if url.scheme == "https" or (url.scheme == "http" and _is_this_machine(url.host or "")):
        return base.rstrip("/")
    raise SettingsError(
        f"discord.api_base is {base!r}; it must begin with https:// (http:// is taken for this machine only)."
    )


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
