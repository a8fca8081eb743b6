"""The messages of the in-memory twin; its repositories share them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from bot.domain import Message, Reply, Role, Turn
from bot.storage.details import message_of, reply_details, reply_of, to_json
from bot.storage.memory_state import Said, State
from bot.storage.text import checked, title_of


class MemoryMessages:
    """What is said in turns; the same as `bot.storage.messages.SqlMessages`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def say(self, turn: Turn, role: Role, text: str, now: datetime, reply: Reply | None = None) -> None:
        message = message_of(reply, turn.id, now) if reply else Message(role, text, now, turn.id)
        checked(message.text)
        details = to_json(reply_details(reply)) if reply else "{}"
        id_ = self._state.next_id()
        self._state.messages[id_] = Said(turn.conversation_id, replace(message, id=id_), details)

    def unsay(self, turn_id: int) -> None:
        kept = self._state.messages.items()
        self._state.messages = {id_: said for id_, said in kept if not _is_reply(said, turn_id)}

    def supersede(self, turn_id: int) -> None:
        for id_, said in self._state.messages.items():
            if said.message.turn_id == turn_id:
                self._state.messages[id_] = replace(said, superseded=True)

    def reply_to(self, turn_id: int) -> tuple[Message, Reply | None] | None:
        said = next((said for said in self._state.messages.values() if _is_reply(said, turn_id)), None)
        return (said.message, reply_of(said.message, json.loads(said.details))) if said else None

    def in_history(self, conversation_id: str) -> list[Message]:
        kept = self._state.messages.values()
        return [said.message for said in kept if said.conversation_id == conversation_id and not said.superseded]

    def touch(self, turn: Turn, now: datetime, title: str = "") -> None:
        kept = self._state.conversations[turn.conversation_id]
        changed = replace(
            kept,
            updated_at=max(kept.updated_at, now),
            title=kept.title or title,
            messages=len(self.in_history(kept.id)),
        )
        self._state.conversations[kept.id] = changed

    def settle(self, conversation_id: str) -> None:
        """Count anew, and take the title anew from the first message that is left."""
        left = self.in_history(conversation_id)
        asked = next((message.text for message in left if message.role is Role.USER), "")
        changed = replace(self._state.conversations[conversation_id], title=title_of(asked), messages=len(left))
        self._state.conversations[conversation_id] = changed


def _is_reply(said: Said, turn_id: int) -> bool:
    return said.message.turn_id == turn_id and said.message.role is Role.ASSISTANT
