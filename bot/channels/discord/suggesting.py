"""What is offered while a person types an option of a command."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Any

import discord
from discord import app_commands

from bot.errors import ParleyError
from bot.ports import DocumentKind, Knowledge
from bot.skills.wording import language_name

log = logging.getLogger(__name__)

MOST = 25
MOST_LENGTH = 100
MOST_PERSONA = 80  # characters that the option takes
IN_TIME = 2.0  # seconds; Discord takes suggestions for 3
OFFERED = (
    *("zh", "en", "de", "fr", "es", "ja", "ko", "ru", "pt", "it", "ar", "hi", "id", "vi", "th", "tr", "pl", "nl"),
    *("uk", "sv", "cs", "el", "he", "fa", "fi"),
)

Choices = list[app_commands.Choice[str]]


class Suggesting:
    """Autocompletion of questions, languages and personas.

    `names` gives the personas' names; `admits` tells whether a person may know what the knowledge base holds.
    """

    def __init__(
        self,
        knowledge: Knowledge | None,
        names: Callable[[], Sequence[str]],
        admits: Callable[[discord.Interaction[Any]], Awaitable[bool]],
    ) -> None:
        self._knowledge = knowledge
        self._admits = admits
        self._names = names

    async def questions(self, interaction: discord.Interaction[Any], current: str) -> Choices:
        """The questions of the knowledge base that are nearest to what stands there; none where that takes too long."""
        if self._knowledge is None or not current.strip():
            return []
        try:
            async with asyncio.timeout(IN_TIME):
                if not await self._admits(interaction):
                    return []
                result = await self._knowledge.search(current, MOST)
        except (ParleyError, TimeoutError) as error:
            log.info("nothing is suggested: %s", type(error).__name__)
            return []
        found = [hit.document.title for hit in result.hits if hit.document.kind is DocumentKind.FAQ]
        return [app_commands.Choice(name=each, value=each) for each in found if len(each) <= MOST_LENGTH]

    async def languages(self, interaction: discord.Interaction[Any], current: str) -> Choices:
        """Languages by name, in the person's language or in their own, or by code."""
        display = interaction.locale.value.partition("-")[0]
        typed = current.strip().casefold()
        return [
            app_commands.Choice(name=_label(code, display), value=code)
            for code in OFFERED
            if not typed or any(typed in name for name in _names(code, display))
        ][:MOST]

    async def personas(self, interaction: discord.Interaction[Any], current: str) -> Choices:
        """The personas whose names hold what stands there."""
        typed = current.strip().casefold()
        found = [name for name in self._names() if typed in name.casefold() and len(name) <= MOST_PERSONA]
        return [app_commands.Choice(name=name, value=name) for name in found[:MOST]]


@cache
def _label(code: str, display: str) -> str:
    shown, own = language_name(code, display), language_name(code, code)
    return shown if shown.casefold() == own.casefold() else f"{shown} ({own})"


@cache
def _names(code: str, display: str) -> frozenset[str]:
    return frozenset({code, *(language_name(code, each).casefold() for each in (display, "en", "zh", code))})
