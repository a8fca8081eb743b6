"""The webhook: Telegram posts updates to us. One is confirmed (200) only after its turn is kept."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.channels.telegram.client import Client, is_loopback
from bot.channels.telegram.errors import REFUSED, translated
from bot.channels.telegram.timing import Timing
from bot.channels.telegram.updates import ALLOWED, TakeIn, is_slow
from bot.errors import ChannelError, SettingsError, StorageError
from bot.settings.channels import WebhookSettings
from bot.settings.secrets import read_secret

log = logging.getLogger(__name__)

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
MAX_BODY = 4_000_000  # bytes; an update has some thousands


class _Server(uvicorn.Server):
    """Leaves the signals to Parley."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


class Webhook:
    """Listens behind the operator's proxy, and tells Telegram where. `take_in` keeps an update's turn."""

    def __init__(self, client: Client, take_in: TakeIn, settings: WebhookSettings, timing: Timing) -> None:
        self._client = client
        self._take_in = take_in
        self._settings = settings
        self._timing = timing
        self._secret = secret_of(settings)
        self._address = address_of(settings)
        self._order = asyncio.Lock()
        self.port = settings.port

    async def run(self, ready: Callable[[], None]) -> None:
        """Until cancelled. Raises SettingsError where the port is taken, ChannelError where Telegram refuses."""
        with self._listening() as listening:
            self.port = listening.getsockname()[1]
            server = _Server(uvicorn.Config(self.application(), lifespan="off", log_config=None, access_log=False))
            serving = asyncio.create_task(server.serve([listening]))
            try:
                await self._register()
                ready()
                await self._watch(serving)
            finally:
                server.should_exit = True
                await asyncio.wait([serving])

    def application(self) -> Starlette:
        """The ASGI application; its one path takes updates."""
        return Starlette(routes=[Route(self._settings.path, self._receive, methods=["POST"])])

    async def _receive(self, request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            return Response(status_code=403)
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        try:
            update = json.loads(body)
        except ValueError:
            return Response(status_code=400)
        try:
            if isinstance(update, dict):
                await self._take(update)
        except StorageError as error:
            log.error("an update cannot be kept (%s); Telegram sends it again", type(error).__name__)
            return Response(status_code=500)
        return Response()

    async def _take(self, update: dict[str, Any]) -> None:
        """One after the other, as they come; one with a file to be downloaded does not hold up the others."""
        if is_slow(update):
            await self._take_in(update)
            return
        async with self._order:
            await self._take_in(update)

    @contextmanager
    def _listening(self) -> Generator[socket.socket, None, None]:
        host, port = self._settings.listen, self._settings.port
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listening = socket.create_server((host, port), family=family, backlog=128)
        except OSError as error:
            raise SettingsError(
                f"telegram.webhook cannot listen on {host}, port {port} ({error.strerror}). "
                "Set another telegram.webhook.port or listen."
            ) from None
        with listening:
            yield listening

    async def _register(self) -> None:
        try:
            await self._client.set_webhook(
                self._address, allowed_updates=ALLOWED, secret_token=self._secret, drop_pending_updates=False
            )
        except BadRequest:
            raise ChannelError(
                "Telegram refuses telegram.webhook.url. It must be a public https address with a valid certificate, "
                "on port 443, 80, 88 or 8443."
            ) from None
        except TelegramError as error:
            raise translated(error) from None

    async def _watch(self, serving: asyncio.Task[None]) -> None:
        """While we listen, look now and then whether the token still holds and the webhook is still ours."""
        while not serving.done():
            await asyncio.wait([serving], timeout=self._timing.webhook_check)
            try:
                if (await self._client.get_webhook_info()).url != self._address:
                    log.warning("another program changed the webhook; it is set again")
                    await self._register()
            except InvalidToken:
                raise ChannelError(REFUSED) from None
            except TelegramError as error:
                log.warning("Telegram does not answer (%s)", type(error).__name__)
        serving.result()


async def _body(request: Request) -> bytes | None:
    """The request's body; None where it is too large."""
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > MAX_BODY:
            return None
        pieces.append(piece)
    return b"".join(pieces)


def secret_of(settings: WebhookSettings) -> str:
    """The secret. Raises SettingsError where there is none: without it anybody could speak as anybody."""
    secret = read_secret(settings.secret, settings.secret_file, "telegram.webhook.secret")
    if not secret:
        raise SettingsError(
            "telegram.webhook.url is set, and telegram.webhook.secret is not. Set PARLEY_TELEGRAM__WEBHOOK__SECRET to "
            "a long random word of letters and digits."
        )
    return secret


def address_of(settings: WebhookSettings) -> str:
    """The webhook's whole address. Raises SettingsError for plain http, which Telegram does not take."""
    parts = urlsplit(settings.url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise SettingsError("telegram.webhook.url must begin with https://; Telegram takes nothing else.")
    return settings.url.rstrip("/") + settings.path
