"""The library's client, set up so that it keeps quiet about people's words and the token, and waits long enough."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
from typing import Any
from urllib.parse import urlsplit

from telegram.error import NetworkError, TelegramError
from telegram.ext import Application, ApplicationBuilder, ExtBot
from telegram.request import HTTPXRequest

from bot.errors import SettingsError
from bot.settings.channels import TelegramSettings

# The library's own switch: without it every 429 warns that waiting times will be of another type.
os.environ.setdefault("PTB_TIMEDELTA", "true")

CONNECTIONS = 256  # each of 200 conversations may have a call under way
POOL_WAIT = 30.0  # seconds for a free connection
FINISHED_WITHIN = 3.0  # seconds, for calls that are under way when the client is closed
AnyApplication = Application[Any, Any, Any, Any, Any, Any]


class NeverSent(Exception):  # noqa: N818
    """The cause of an error of a call that was not even begun."""


class QuietRequest(HTTPXRequest):
    """The library's own would log what it cannot read, which may be what people said; and it would leave a socket open
    where it is closed while a call connects, as httpcore's pool no longer knows of that connection then.
    """

    __slots__ = ("_calls", "_closed")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._calls: set[asyncio.Task[tuple[int, bytes]]] = set()
        self._closed = False

    async def initialize(self) -> None:
        self._closed = False
        await super().initialize()

    async def shutdown(self) -> None:
        """Give the calls that are under way a moment, as nobody would know whether they took effect; break off the
        others, which end with NetworkError; then close.
        """
        self._closed = True
        if calls := list(self._calls):
            _, late = await asyncio.wait(calls, timeout=FINISHED_WITHIN)
            for call in late:
                call.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await super().shutdown()

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        if self._closed:
            raise NetworkError("The client is closed") from NeverSent()
        call = asyncio.create_task(super().do_request(*args, **kwargs))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        try:
            return await call
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller is None or caller.cancelling():
                raise
            raise NetworkError("The client was closed") from None

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Raises TelegramError where the answer is no JSON object."""
        try:
            data = json.loads(payload.decode("utf-8", "replace"))
        except ValueError:
            raise TelegramError("Invalid server response") from None
        if not isinstance(data, dict):
            raise TelegramError("Invalid server response")
        return data


class Client(ExtBot[None]):
    """The bot, with updates as they come: `get_updates` reads them all at once, so that a single one of a shape that
    the library does not know would hold up all others for ever.
    """

    __slots__ = ()

    async def raw_updates(
        self, offset: int | None, wait: float, allowed: tuple[str, ...], read_timeout: float = 20.0
    ) -> list[dict[str, Any]]:
        """Updates from `offset` on, which confirms all before it. Waits up to `wait` seconds for one to come."""
        data = {"offset": offset, "timeout": int(wait), "allowed_updates": list(allowed)}
        found = await self._post("getUpdates", data, read_timeout=wait + read_timeout)
        return [update for update in found if isinstance(update, dict)] if isinstance(found, list) else []


def build(settings: TelegramSettings, token: str) -> AnyApplication:
    """The application without updater: Parley fetches updates by itself. Raises SettingsError."""
    for name in ("base_url", "base_file_url"):
        _check_address(getattr(settings, name), f"telegram.{name}")
    client = Client(
        token,
        base_url=settings.base_url,
        base_file_url=settings.base_file_url,
        request=QuietRequest(CONNECTIONS, read_timeout=20.0, connect_timeout=10.0, pool_timeout=POOL_WAIT),
        get_updates_request=QuietRequest(2, read_timeout=20.0, connect_timeout=10.0, pool_timeout=POOL_WAIT),
    )
    builder: ApplicationBuilder[Any, Any, Any, Any, Any, Any] = ApplicationBuilder()
    return builder.bot(client).updater(None).job_queue(None).concurrent_updates(False).build()


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_address(url: str, name: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return
    raise SettingsError(f"{name} begins with http://, which would send the token in the clear. Use https://.")
