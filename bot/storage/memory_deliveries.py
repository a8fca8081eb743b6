"""Turns on their way to the platform, in the in-memory twin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain import Channel, Delivery, Doubt, Turn, TurnState
from bot.storage.memory_state import State


class MemoryDeliveries:
    """`bot.ports.Deliveries` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def take_up(self, turn_id: int, now: datetime) -> Turn | None:
        turn = self._state.turns.get(turn_id)
        if turn is None or not turn.to_deliver:
            return None
        state = TurnState.WORKING if turn.unfinished else turn.state
        return self._put(replace(turn, attempts=turn.attempts + 1, state=state))

    def waiting(self, channel: Channel, bot: str) -> Sequence[Turn]:
        here = (turn for turn in self._state.turns.values() if (turn.channel, turn.bot) == (channel, bot))
        return [turn for turn in here if turn.to_deliver]

    def pending(self, limit: int = 100) -> Sequence[Turn]:
        return [turn for turn in self._state.turns.values() if turn.to_deliver][:limit]

    def before(self, turn_id: int) -> Sequence[Turn]:
        this = self._state.turns.get(turn_id)
        if this is None:
            return []
        here = [turn for turn in self.waiting(this.channel, this.bot) if turn.id < turn_id]
        return [turn for turn in here if turn.conversation_id == this.conversation_id]

    def backlog(self, conversation_id: str) -> tuple[int, int]:
        waiting = [
            turn for turn in self._state.turns.values() if turn.unfinished and turn.delivery is not Delivery.DIRECT
        ]
        return len(waiting), sum(turn.conversation_id == conversation_id for turn in waiting)

    def ended(self, turn_id: int, delivery: Delivery, attempt: int) -> None:
        """Raises NotFound and TakenOver."""
        self._put(replace(self._state.mine(turn_id, attempt), delivery=delivery))
        if delivery is Delivery.DELIVERED:
            self._state.attachments.pop(turn_id, None)

    def handed_back(self, turn_id: int, attempt: int) -> None:
        """Raises NotFound and TakenOver."""
        turn = self._state.mine(turn_id, attempt)
        self._put(replace(turn, excused=turn.excused + 1))

    def stop(self, turn_id: int) -> None:
        """Raises NotFound."""
        self._put(replace(self._state.turn(turn_id), stopped=True))

    def troubled(self, limit: int = 100) -> Sequence[Turn]:
        in_doubt = {part.turn_id for part in self._state.parts.values() if part.doubt is not Doubt.NONE}
        found = [
            turn
            for turn in reversed(self._state.turns.values())
            if turn.channel is not Channel.CONSOLE
            and turn.state is not TurnState.REPLACED
            and (turn.delivery is Delivery.UNDELIVERABLE or turn.state is TurnState.FAILED or turn.id in in_doubt)
        ]
        return found[:limit]

    def again(self, turn_id: int) -> bool:
        turn = self._state.turns.get(turn_id)
        if turn is None or turn.channel is Channel.CONSOLE or turn.state is TurnState.REPLACED:
            return False
        if turn.state is TurnState.FAILED:
            turn = replace(turn, state=TurnState.ACCEPTED, reason="")
        elif turn.delivery is not Delivery.UNDELIVERABLE:
            return False
        self._put(replace(turn, delivery=Delivery.PENDING, excused=turn.attempts))
        return True

    def _put(self, turn: Turn) -> Turn:
        self._state.turns[turn.id] = turn
        return turn
