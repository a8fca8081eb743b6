"""Names and descriptions of commands, from the message catalogue, in the languages that Discord shows them in."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import Any

import discord
from discord import app_commands

from bot.ports import Texts

LANGUAGES = {discord.Locale.chinese: "zh"}  # beside English, which every other locale sees

Callback = Callable[..., Coroutine[Any, Any, None]]
Slash = app_commands.Command[Any, ..., None]


class Wording:
    """`discord-NAME` is a command's name, `discord-NAME-about` its description; so with `discord-option-NAME`."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def __call__(self, text_id: str) -> app_commands.locale_str:
        return app_commands.locale_str(self._texts(text_id, "en"), text_id=text_id)

    def slash(self, name: str, callback: Callback) -> Slash:
        """A slash command; its options are the callback's parameters."""
        options = list(inspect.signature(callback).parameters)[1:]
        app_commands.describe(**{each: self(f"discord-option-{each}-about") for each in options})(callback)
        app_commands.rename(**{each: self(f"discord-option-{each}") for each in options})(callback)
        return app_commands.Command(
            name=self(f"discord-{name}"), description=self(f"discord-{name}-about"), callback=callback
        )

    def menu(self, name: str, callback: Callback) -> app_commands.ContextMenu:
        """An entry of the Apps menu on a message."""
        return app_commands.ContextMenu(name=self(f"discord-menu-{name}"), callback=callback)


class CatalogueTranslator(app_commands.Translator):
    """Answers discord.py's questions for translations from the message catalogue."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        text_id, language = string.extras.get("text_id"), LANGUAGES.get(locale)
        return self._texts(str(text_id), language) if text_id and language else None
