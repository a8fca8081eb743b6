"""Conversations of the in-memory twin."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.domain import Channel, Conversation, Message, Turn
from bot.errors import NotFound
from bot.storage.details import to_json
from bot.storage.memory_messages import MemoryMessages
from bot.storage.memory_state import State
from bot.storage.text import checked


class MemoryConversations:
    """`bot.ports.Conversations` in memory; more is told in `bot.storage.conversations.SqlConversations`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def ensure(self, conversation_id: str, channel: Channel, now: datetime) -> Conversation:
        new = Conversation(checked(conversation_id), channel, now, now)
        return self._state.conversations.setdefault(conversation_id, new)

    def get(self, conversation_id: str) -> Conversation | None:
        return self._state.conversations.get(conversation_id)

    def recent(self, limit: int = 20) -> Sequence[Conversation]:
        by_id = sorted(self._state.conversations.values(), key=lambda conversation: conversation.id)
        return sorted(by_id, key=lambda conversation: conversation.updated_at, reverse=True)[:limit]

    def history(self, conversation_id: str, limit: int, user_id: int | None = None) -> Sequence[Message]:
        turns = self._state.turns
        said = MemoryMessages(self._state).in_history(conversation_id)
        mine = [message for message in said if user_id in (None, turns[message.turn_id].user_id)]
        return mine[-limit:] if limit > 0 else []

    def values(self, conversation_id: str) -> Mapping[str, str]:
        return dict(self._state.values.get(conversation_id, {}))

    def set_values(self, conversation_id: str, values: Mapping[str, str]) -> None:
        if conversation_id not in self._state.conversations:
            raise NotFound(f"There is no conversation {conversation_id}.")
        self._state.values[conversation_id] = json.loads(to_json(dict(values)))

    def with_people(self, channel: Channel, bot: str = "") -> Sequence[Turn]:
        """Turns of just that bot, in whatever state."""
        here = [turn for turn in self._state.turns.values() if (turn.channel, turn.bot) == (channel, bot)]
        latest = {turn.conversation_id: turn for turn in here}
        return sorted(latest.values(), key=lambda turn: turn.id, reverse=True)

    def forget(self, conversation_id: str) -> int:
        state = self._state
        state.conversations.pop(conversation_id, None)
        state.values.pop(conversation_id, None)
        return state.drop_turns({turn.id for turn in state.turns.values() if turn.conversation_id == conversation_id})
