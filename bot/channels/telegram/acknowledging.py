"""👀 on a question while it is being answered."""

from __future__ import annotations

import asyncio
from typing import Any

from telegram import Bot
from telegram.constants import ReactionEmoji

from bot.channels.telegram.background import Background
from bot.channels.telegram.errors import door


class Acknowledgements:
    """Sets and takes away the reaction, if the operator wants it at all."""

    def __init__(self, bot: Bot, background: Background, wanted: bool) -> None:
        self._bot = bot
        self._background = background
        self._wanted = wanted
        self._setting: dict[tuple[int, int], asyncio.Task[Any]] = {}

    def set(self, chat: int, message_id: int) -> None:
        """The question was taken up."""
        if not self._wanted:
            return
        task = self._background.start(self._react(chat, message_id, ReactionEmoji.EYES))
        self._setting[chat, message_id] = task
        task.add_done_callback(lambda _: self._setting.pop((chat, message_id), None))

    def take_away(self, chat: int, message_id: int) -> None:
        """The question was answered; after a restart it may carry a reaction that this process did not set."""
        if self._wanted:
            self._background.start(self._take_away(chat, message_id, self._setting.get((chat, message_id))))

    async def _take_away(self, chat: int, message_id: int, setting: asyncio.Task[Any] | None) -> None:
        if setting is not None:
            await asyncio.wait([setting])
        await self._react(chat, message_id, None)

    async def _react(self, chat: int, message_id: int, emoji: str | None) -> None:
        with door():
            await self._bot.set_message_reaction(chat, message_id, emoji or [])
