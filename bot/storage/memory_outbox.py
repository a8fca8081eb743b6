"""The outbox and the opinions of the in-memory twin."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from bot.domain import Channel, Doubt, Feedback, Opinion, PartState, SentPart, Turn
from bot.errors import NotFound
from bot.storage.memory_messages import MemoryMessages
from bot.storage.memory_state import State
from bot.storage.text import checked


class MemoryParts:
    """`bot.ports.Parts` in memory; more is told in `bot.storage.parts.SqlParts`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def sending(self, turn_id: int, position: int, attempt: int, hint: str = "") -> None:
        part = self._part(turn_id, position, attempt)
        self._put(replace(part, state=PartState.SENDING, digest="", hint=checked(hint)))

    def sent(self, turn_id: int, position: int, attempt: int, external_id: str, digest: str) -> None:
        part = self._part(turn_id, position, attempt)
        self._put(replace(part, state=PartState.SENT, external_id=checked(external_id), digest=checked(digest)))

    def failed(self, turn_id: int, position: int, attempt: int) -> None:
        self._put(replace(self._part(turn_id, position, attempt), state=PartState.FAILED))

    def doubted(self, turn_id: int, position: int, attempt: int, doubt: Doubt) -> None:
        self._state.mine(turn_id, attempt)
        if (turn_id, position) in self._state.parts:
            self._put(replace(self._state.parts[turn_id, position], doubt=doubt))

    def removed(self, turn_id: int, position: int, attempt: int) -> None:
        with suppress(NotFound):  # the parts of a forgotten turn are gone already
            self._state.mine(turn_id, attempt)
        self._state.parts.pop((turn_id, position), None)

    def of_turn(self, turn_id: int) -> Sequence[SentPart]:
        mine = [part for part in self._state.parts.values() if part.turn_id == turn_id]
        return sorted(mine, key=lambda part: part.position)

    def take_over(self, old_turn: int, new_turn: int) -> None:
        """They follow those that the new turn may have already, so that none is lost sight of."""
        self._state.turn(new_turn)
        if old_turn == new_turn:
            return
        free = max((part.position + 1 for part in self.of_turn(new_turn)), default=0)
        for part in self.of_turn(old_turn):
            del self._state.parts[old_turn, part.position]
            self._put(replace(part, turn_id=new_turn, position=part.position + free))

    def known(self, turn: Turn, external_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        sent = [(part.external_id, self._state.turns[part.turn_id]) for part in self._state.parts.values()]
        told = [(other.origin.message_id, other) for other in self._state.turns.values()]
        found: dict[str, set[str]] = {}
        for external_id, other in [*sent, *told]:
            if external_id in external_ids and (other.channel, other.bot) == (turn.channel, turn.bot):
                found.setdefault(external_id, set()).add(other.conversation_id)
        return found

    def turn_of(self, channel: Channel, bot: str, conversation_id: str, external_id: str) -> Turn | None:
        ids = {part.turn_id for part in self._state.parts.values() if external_id and part.external_id == external_id}
        wanted = (channel, bot, conversation_id)
        found = [turn for id_ in ids if (turn := self._state.turns[id_])]
        here = [turn for turn in found if (turn.channel, turn.bot, turn.conversation_id) == wanted]
        return max(here, key=lambda turn: turn.id, default=None)

    def _part(self, turn_id: int, position: int, attempt: int) -> SentPart:
        self._state.mine(turn_id, attempt)
        return self._state.parts.get((turn_id, position), SentPart(turn_id, position, PartState.SENDING))

    def _put(self, part: SentPart) -> None:
        self._state.parts[part.turn_id, part.position] = part


class MemoryOpinions:
    """`bot.ports.Opinions` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def give(self, turn_id: int, user_id: int, opinion: Opinion | None, now: datetime) -> None:
        """Raises NotFound for an unknown turn or person."""
        self._state.turn(turn_id)
        self._state.person(user_id)
        if opinion is None:
            self._state.opinions.pop((turn_id, user_id), None)
        else:
            self._state.opinions[turn_id, user_id] = (opinion, now)

    def list(
        self, opinion: Opinion | None = None, limit: int | None = 100, user_id: int | None = None
    ) -> Sequence[Feedback]:
        found = [
            self._feedback(*key)
            for key, kept in self._state.opinions.items()
            if opinion in (None, kept[0]) and user_id in (None, key[1])
        ]
        newest = sorted(found, key=lambda given: (given.given_at, given.turn_id, given.user_id), reverse=True)
        return newest[:limit]

    def _feedback(self, turn_id: int, user_id: int) -> Feedback:
        opinion, given_at = self._state.opinions[turn_id, user_id]
        said = MemoryMessages(self._state).reply_to(turn_id)
        answer = said[0].text if said else ""
        return Feedback(turn_id, user_id, opinion, given_at, self._state.turns[turn_id].text, answer)
