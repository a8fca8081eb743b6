"""What the outlets learn of their chats while the channel runs; all of it may be forgotten."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TypeVar

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
        self._doubts: OrderedDict[tuple[int, str], int] = OrderedDict()
        self._newest = 0

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
        """A group became a supergroup."""
        _put(self._moved, old, new)

    def note_sent(self, chat: int, message_id: int, conversation_id: str) -> None:
        """Remember whose message it is: a reaction does not name the topic."""
        self.note_seen(chat, message_id)
        _put(self._sent, (chat, message_id), conversation_id)

    def note_seen(self, chat: int, message_id: int) -> None:
        """Telegram numbers the messages of all private chats and small groups of a bot in one row."""
        if chat > _FIRST_SUPERGROUP:
            self._newest = max(self._newest, message_id)

    def newest(self) -> int:
        """The newest number in that row; 0 while there is none."""
        return self._newest

    def note_doubt(self, chat: int, nonce: str, before: int) -> None:
        """A send may have taken effect, or not; it would have got a number after `before`."""
        if (chat, nonce) not in self._doubts:
            _put(self._doubts, (chat, nonce), before)

    def doubt(self, chat: int, nonce: str) -> int | None:
        """The number after which a message of that nonce may stand there already; None where there is no doubt."""
        return self._doubts.get((chat, nonce))

    def settle(self, chat: int, nonce: str) -> None:
        """The message was found, or sent anew."""
        self._doubts.pop((chat, nonce), None)

    def conversation_of(self, chat: int, message_id: int) -> str | None:
        """The conversation in which a message of ours stands; None for an old one."""
        return self._sent.get((chat, message_id))


def _now() -> float:
    return asyncio.get_running_loop().time()


def _put(entries: OrderedDict[K, V], key: K, value: V) -> None:
    entries[key] = value
    entries.move_to_end(key)
    if len(entries) > MOST:
        entries.popitem(last=False)
