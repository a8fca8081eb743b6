"""What the outlets learn of their chats while the channel runs; all of it may be forgotten."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TypeVar
from weakref import WeakValueDictionary

from bot.channels.telegram.locks import ChatLock

DRAFTS_AGAIN_AFTER = 3600.0  # seconds
K = TypeVar("K")
V = TypeVar("V")

_FIRST_SUPERGROUP = -(10**12)  # their ids lie below, and each numbers its own messages
MOST = 20_000  # entries of each kind


class Memory:
    """Which chats take no drafts, which groups have moved, and in which conversation a message of ours stands."""

    def __init__(self) -> None:
        self._no_drafts: OrderedDict[int, float] = OrderedDict()
        self._moved: OrderedDict[int, int] = OrderedDict()
        self._sent: OrderedDict[tuple[int, int], str] = OrderedDict()
        self._newest: OrderedDict[int, int] = OrderedDict()  # by row of numbers
        self._sent_in: OrderedDict[int, None] = OrderedDict()  # rows of numbers, by this process
        self._locks: WeakValueDictionary[int, ChatLock] = WeakValueDictionary()  # those that somebody uses

    def refuses_drafts(self, chat: int) -> bool:
        """Whether a chat refused a draft within the last hour."""
        return self._no_drafts.get(chat, 0.0) > _now()

    def note_refused_draft(self, chat: int) -> None:
        """Use edits in that chat for an hour."""
        _put(self._no_drafts, chat, _now() + DRAFTS_AGAIN_AFTER)

    def now_at(self, chat: int) -> int:
        """The id of a group, which changes when it becomes a supergroup."""
        return self._moved.get(chat, chat)

    def note_moved(self, old: int, new: int) -> None:
        """A group became a supergroup. Who holds its lock holds that of the new one."""
        _put(self._moved, old, new)
        lock = self._locks.get(old)
        if lock is not None:
            self._locks.setdefault(new, lock)

    def lock(self, chat: int) -> ChatLock:
        """Shared by those who send to a chat, until the message is noted; held alone by who looks for a message there,
        and would take it for the lost one.
        """
        return self._locks.setdefault(chat, ChatLock())

    def note_sent(self, chat: int, message_id: int, conversation_id: str) -> None:
        """A message was sent just now."""
        self.note_ours(chat, message_id, conversation_id)
        _put(self._sent_in, _row(chat), None)

    def note_ours(self, chat: int, message_id: int, conversation_id: str) -> None:
        """Remember whose message it is: a reaction does not name the topic."""
        self.note_seen(chat, message_id)
        _put(self._sent, (chat, message_id), conversation_id)

    def note_seen(self, chat: int, message_id: int) -> None:
        """Remember the newest number of the chat's row."""
        row = _row(chat)
        _put(self._newest, row, max(self._newest.get(row, 0), message_id))

    def newest(self, chat: int) -> int:
        """The newest number in the chat's row; 0 while there is none."""
        return self._newest.get(_row(chat), 0)

    def newest_surely(self, chat: int) -> int | None:
        """The same, where what earlier runs left lies surely before it: a message of this process has come after. None
        elsewhere; an update alone may have waited for hours.
        """
        return self.newest(chat) if _row(chat) in self._sent_in else None

    def conversation_of(self, chat: int, message_id: int) -> str | None:
        """The conversation in which a message of ours stands; None for an old one."""
        return self._sent.get((chat, message_id))


def in_supergroup(chat: int) -> bool:
    """Whether a chat is a supergroup (or a channel): it may have topics, which are conversations of their own."""
    return chat <= _FIRST_SUPERGROUP


def in_one_row(chat: int, other: int) -> bool:
    """Whether the messages of two chats are numbered in one row."""
    return _row(chat) == _row(other)


def _row(chat: int) -> int:
    """Telegram numbers the messages of all private chats and small groups of a bot in one row."""
    return chat if in_supergroup(chat) else 0


def _now() -> float:
    return asyncio.get_running_loop().time()


def _put(entries: OrderedDict[K, V], key: K, value: V) -> None:
    entries[key] = value
    entries.move_to_end(key)
    if len(entries) > MOST:
        entries.popitem(last=False)
