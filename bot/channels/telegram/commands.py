"""The command menu: what Telegram offers when a person types a slash, in their language."""

from __future__ import annotations

import logging

from telegram import Bot, BotCommand, BotCommandScope, BotCommandScopeAllGroupChats, BotCommandScopeAllPrivateChats
from telegram.error import TelegramError

from bot.ports import Texts

log = logging.getLogger(__name__)

PRIVATE = (
    *("ask", "translate", "sentiment", "summarise", "language", "persona", "forget", "export", "privacy"),
    *("settings", "stop", "help"),
)
GROUP = ("ask", "translate", "sentiment", "summarise", "settings", "stop", "help")
LANGUAGES = {"": "en", "zh": "zh"}  # Telegram's code (empty: everyone else), and the language of our texts


async def set_menu(bot: Bot, texts: Texts) -> None:
    """Set the menu for each kind of chat and language where it is not as it should be. It is a courtesy: where
    Telegram refuses, the bot works without.
    """
    for scope, names in ((BotCommandScopeAllPrivateChats(), PRIVATE), (BotCommandScopeAllGroupChats(), GROUP)):
        for code, language in LANGUAGES.items():
            try:
                await _set(bot, scope, code, [BotCommand(name, describe(name, language, texts)) for name in names])
            except TelegramError as error:
                log.warning("the command menu could not be set: %s", type(error).__name__)
                return


def describe(name: str, language: str, texts: Texts) -> str:
    """A command's line in the menu."""
    return texts(f"telegram-menu-{name}", language)


async def _set(bot: Bot, scope: BotCommandScope, code: str, commands: list[BotCommand]) -> None:
    if list(await bot.get_my_commands(scope, code or None)) != commands:
        await bot.set_my_commands(commands, scope, code or None)
        log.info("the command menu was set (%s, %s)", scope.type, code or "default")
