"""Looking for a message of ours whose sending is in doubt, among the numbers that follow a hint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from secrets import randbelow
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Message

from bot.channels.telegram import convert
from bot.channels.telegram.errors import NotModified
from bot.channels.telegram.memory import Memory, in_one_row, in_supergroup
from bot.delivery.ports import Known
from bot.errors import MessageGone

LOOK_AT = 8  # numbers of which nothing is known; each costs a call
SPAN = 100  # numbers after the hint, with those that are known
BEYOND = 5  # numbers after the newest that is known, where that is surely near the end

Call = Callable[[Callable[[int], Awaitable[Any]]], Awaitable[Any]]


class Finder:
    """Looks for the messages of one outlet: in `chat`, as its conversation was begun there, and its topic (0: none, or
    General). `call` makes a call to Telegram for the chat, wherever it is now, and raises DeliveryError.
    """

    def __init__(self, bot: Callable[[], Bot], call: Call, memory: Memory, chat: int, topic: int) -> None:
        self._bot = bot
        self._call = call
        self._memory = memory
        self._chat = chat
        self._topic = topic
        self._vain: set[int] = set()  # numbers, while one search is broken off and goes on (Telegram asks to wait)

    async def find(self, hint: int, known: Known, rewrite: Callable[[int], Awaitable[object]]) -> int | None:
        """The first number after the hint where a message of ours stands that is not known to be another; it is
        rewritten. `rewrite` raises MessageGone where there is none. Raises DeliveryError.
        """
        for number in await self._unknown(range(hint + 1, self._end(hint) + 1), known):
            if len(self._vain) >= LOOK_AT:
                break
            if number in self._vain:
                continue
            try:
                if await self._stands_here(number):
                    await rewrite(number)
                    self._vain.clear()
                    return number
            except MessageGone:
                pass
            self._vain.add(number)
        self._vain.clear()
        return None

    def _end(self, hint: int) -> int:
        newest = self._memory.newest_surely(self._memory.now_at(self._chat))
        return hint + SPAN if newest is None else min(hint + SPAN, max(hint, newest) + BEYOND)

    async def _unknown(self, numbers: Sequence[int], known: Known) -> list[int]:
        """Without those that are known to be others, here or in a chat whose messages are numbered in the same row."""
        chat = self._memory.now_at(self._chat)
        others = {
            int(number)
            for number, conversations in (await known([str(number) for number in numbers])).items()
            if any(in_one_row(chat, self._memory.now_at(convert.chat_of(each))) for each in conversations)
        }
        return [each for each in numbers if each not in others and self._memory.conversation_of(chat, each) is None]

    async def _stands_here(self, number: int) -> bool:
        """Whether a message may be one of this conversation. Where a chat can hold several, its topic is asked for:
        Telegram shows a message only in return for a change, so it is given a button, which is taken off again if the
        message is another's. Raises MessageGone where there is none of ours.
        """
        if not self._topic and not in_supergroup(self._memory.now_at(self._chat)):
            return True
        message = await self._call(lambda chat: self._mark(chat, number, _button()))
        where = convert.place(message) if isinstance(message, Message) else None
        if where is not None and where.topic == self._topic and message.text is not None:
            return True
        with suppress(NotModified):  # somebody else has just done so
            await self._call(lambda chat: self._mark(chat, number, None))
        return False

    def _mark(self, chat: int, number: int, keyboard: InlineKeyboardMarkup | None) -> Awaitable[Message | bool]:
        return self._bot().edit_message_reply_markup(chat, number, reply_markup=keyboard)


def _button() -> InlineKeyboardMarkup:
    """Unlike any other, so that the message changes; who presses it is told that it has expired."""
    return InlineKeyboardMarkup([[InlineKeyboardButton("…", callback_data=f"p0:look:{randbelow(10**18)}")]])
