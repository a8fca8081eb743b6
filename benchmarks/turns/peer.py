"""The peer: python-telegram-bot with one handler that says the text again. It keeps nothing, and forgets in a crash.

python -m benchmarks.turns.peer TOKEN BASE_URL
"""

from __future__ import annotations

import sys
from typing import Any

from telegram import Update
from telegram.ext import ApplicationBuilder, CallbackContext, MessageHandler, filters

from tests.support.telegram_server.clients import AnyApplication


async def _echo(update: Update, _: CallbackContext[Any, Any, Any, Any]) -> None:
    assert update.message is not None
    await update.message.reply_text(update.message.text or "")


async def _ready(_: AnyApplication) -> None:
    print("ready", flush=True)


def main(token: str, base_url: str) -> None:
    """Poll until SIGTERM."""
    builder = ApplicationBuilder().token(token).base_url(base_url).concurrent_updates(256).connection_pool_size(256)
    application = builder.pool_timeout(30).post_init(_ready).build()
    application.add_handler(MessageHandler(filters.TEXT, _echo))
    application.run_polling()


if __name__ == "__main__":
    main(*sys.argv[1:])
