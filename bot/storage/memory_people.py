"""People of the in-memory twin: what they set, what they said, and whether they are let in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain import Access, AccessState, Channel, Conversation, Message, Preferences, User
from bot.storage.memory_messages import MemoryMessages
from bot.storage.memory_state import State
from bot.storage.text import checked


class MemoryUsers:
    """`bot.ports.Users` in memory; more is told in `bot.storage.users.SqlUsers`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def ensure(self, user: User) -> User:
        same = (user.channel, checked(user.external_id))
        known = next((kept for kept in self._state.users.values() if (kept.channel, kept.external_id) == same), None)
        known = known or replace(user, id=self._state.next_id())
        kept = replace(known, display_name=checked(user.display_name) or known.display_name)
        self._state.users[kept.id] = kept
        return kept

    def preferences(self, user_id: int) -> Preferences:
        kept = self._state.preferences.get(user_id, Preferences())
        return replace(kept, values=dict(kept.values))

    def set_preferences(self, user_id: int, preferences: Preferences) -> None:
        """Raises NotFound."""
        self._state.person(user_id)
        self._state.preferences[user_id] = replace(preferences, values=dict(preferences.values))

    def get(self, user_id: int) -> User | None:
        return self._state.users.get(user_id)

    def messages(self, user_id: int) -> Sequence[tuple[Conversation, Message]]:
        state = self._state
        mine = {turn.id for turn in state.turns.values() if turn.user_id == user_id}
        kept = [said for said in state.messages.values() if said.message.turn_id in mine]
        return [(state.conversations[said.conversation_id], said.message) for said in kept]

    def forget(self, user_id: int, conversation_id: str | None = None, but_turn: int = 0) -> int:
        state = self._state
        here = {
            turn.id: turn
            for turn in state.turns.values()
            if turn.id != but_turn and conversation_id in (None, turn.conversation_id)
        }
        mine = {id_ for id_, turn in here.items() if turn.user_id == user_id}
        for key in [key for key in state.opinions if key[0] in here and key[1] == user_id]:
            del state.opinions[key]
        deleted = state.drop_turns(mine)
        for home in {here[id_].conversation_id for id_ in mine}:
            MemoryMessages(state).settle(home)
        return deleted


class MemoryAccess:
    """`bot.ports.AccessList` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def get(self, user_id: int) -> Access | None:
        kept = self._state.access.get(user_id)
        if kept is None:
            return None
        state, since, code = kept
        return Access(self._state.users[user_id], state, since, code)

    def set(self, user_id: int, state: AccessState, now: datetime, code: str = "") -> Access:
        """A code is kept only while PENDING. Raises NotFound for an unknown person."""
        person = self._state.person(user_id)
        kept = checked(code) if state is AccessState.PENDING else ""
        self._state.access[user_id] = (state, now, kept)
        return Access(person, state, now, kept)

    def remove(self, user_id: int) -> None:
        self._state.access.pop(user_id, None)

    def by_code(self, channel: Channel, code: str) -> Access | None:
        """An empty code finds nobody."""
        waiting = (entry for entry in self.list(AccessState.PENDING) if entry.user.channel is channel)
        return next((entry for entry in waiting if entry.code == code), None) if code else None

    def list(self, state: AccessState | None = None) -> Sequence[Access]:
        entries = [entry for user_id in self._state.access if (entry := self.get(user_id))]
        chosen = [entry for entry in entries if state in (None, entry.state)]
        return sorted(chosen, key=lambda entry: (entry.since, entry.user.id), reverse=True)
