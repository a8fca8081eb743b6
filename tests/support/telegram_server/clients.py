"""Pointing the real python-telegram-bot at the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from telegram import Bot
from telegram.ext import Application, ApplicationBuilder
from telegram.request import HTTPXRequest

from tests.support.telegram_server.server import TelegramServer

AnyApplication = Application[Any, Any, Any, Any, Any, Any]


@asynccontextmanager
async def bot_of(server: TelegramServer, token: str | None = None, *, patience: float = 10.0) -> AsyncIterator[Bot]:
    """A bot that has asked who it is; without a token, the server's own.

    ``patience`` is every timeout of its requests, in seconds of loop time; where time runs compressed, give more.
    """
    bot = Bot(
        token or server.token,
        base_url=server.base_url,
        base_file_url=server.base_file_url,
        request=_request(patience),
        get_updates_request=_request(patience),
    )
    async with bot:
        yield bot


def _request(patience: float) -> HTTPXRequest:
    # Certificates are not read, which takes longer than most tests: the server speaks plain HTTP.
    return HTTPXRequest(
        read_timeout=patience,
        write_timeout=patience,
        connect_timeout=patience,
        pool_timeout=patience,
        httpx_kwargs={"verify": False},
    )


@asynccontextmanager
async def polling(server: TelegramServer, *handlers: Any, **options: Any) -> AsyncIterator[AnyApplication]:
    """An application that polls, with these handlers; options are those of ``start_polling``."""
    builder = ApplicationBuilder().token(server.token).base_url(server.base_url).base_file_url(server.base_file_url)
    application = builder.request(_request(10.0)).get_updates_request(_request(10.0)).build()
    application.add_handlers(list(handlers))
    async with application:
        assert application.updater is not None
        await application.start()
        await application.updater.start_polling(**options)
        yield application
        await application.updater.stop()
        await application.stop()
