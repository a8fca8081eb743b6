"""Turns of the in-memory twin."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.domain import Channel, Message, Origin, Reply, Role, Turn, TurnState
from bot.errors import NotFound
from bot.storage.details import message_of, origin_of, origin_values, to_json
from bot.storage.memory_messages import MemoryMessages
from bot.storage.memory_state import State
from bot.storage.text import checked, title_of

BROKEN_OFF = (TurnState.INTERRUPTED, TurnState.FAILED)
FINAL = (TurnState.ANSWERED, TurnState.REPLACED)


class MemoryTurns:
    """`bot.ports.Turns` in memory; what is final is told in `bot.storage.turns.SqlTurns`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._messages = MemoryMessages(state)

    def accept(self, turn: Turn) -> tuple[Turn, bool]:
        """Raises NotFound if the conversation or the person was not ensured before."""
        key = (turn.channel, turn.bot, checked(turn.update_id))
        known = self._state.updates.get(key)
        if known is not None:
            return self._state.turns[known], False
        if turn.conversation_id not in self._state.conversations:
            raise NotFound(f"There is no conversation {turn.conversation_id}.")
        self._state.person(turn.user_id)
        kept = replace(
            turn,
            id=self._state.next_id(),
            state=TurnState.ACCEPTED,
            origin=_copy(turn.origin),
            attempts=0,
            stopped=False,
            reason="",
            excused=0,
        )
        self._state.turns[kept.id] = kept
        self._state.updates[key] = kept.id
        self._messages.say(kept, Role.USER, turn.text, turn.received_at)
        self._messages.touch(kept, turn.received_at, title_of(turn.text))
        return kept, True

    def get(self, turn_id: int) -> Turn | None:
        return self._state.turns.get(turn_id)

    def start(self, turn_id: int, now: datetime) -> None:
        """Raises NotFound."""
        turn = self._state.turn(turn_id)
        if turn.state not in FINAL:
            self._set(turn, TurnState.WORKING)

    def finish(self, turn_id: int, reply: Reply, now: datetime) -> Message:
        """Raises NotFound."""
        turn = self._state.turn(turn_id)
        if turn.state is TurnState.REPLACED:
            return message_of(reply, turn_id, now)
        if turn.state is not TurnState.ANSWERED:
            self._messages.unsay(turn_id)
            self._messages.say(turn, Role.ASSISTANT, reply.text, now, reply)
            self._messages.touch(turn, now)
            if reply.attachment is not None:
                self._state.attachments[turn_id] = reply.attachment
            self._set(turn, TurnState.ANSWERED)
        kept = self._messages.reply_to(turn_id)
        assert kept is not None, "an answered turn has its reply"
        return kept[0]

    def end(self, turn_id: int, state: TurnState, now: datetime, text: str = "", reason: str = "") -> None:
        """Raises NotFound; ValueError for a state that is not INTERRUPTED or FAILED."""
        if state not in BROKEN_OFF:
            raise ValueError(f"a turn cannot end as {state}")
        turn = self._state.turn(turn_id)
        if turn.state in FINAL:
            return
        self._messages.unsay(turn_id)
        if text:
            self._messages.say(turn, Role.ASSISTANT, text, now)
        self._messages.touch(turn, now)
        self._set(turn, state, checked(reason))

    def unfinished(self, conversation_id: str | None = None) -> Sequence[Turn]:
        waiting = [turn for turn in self._state.turns.values() if turn.unfinished]
        return [turn for turn in waiting if conversation_id in (None, turn.conversation_id)]

    def reply(self, turn_id: int) -> Reply | None:
        kept = self._messages.reply_to(turn_id)
        if kept is None or kept[1] is None:
            return None
        return replace(kept[1], attachment=self._state.attachments.get(turn_id))

    def seen(self, turn_id: int) -> str:
        kept = self._messages.reply_to(turn_id)
        return kept[0].text if kept else ""

    def replace(self, turn_id: int, now: datetime) -> None:
        """Raises NotFound. A turn that is replaced already stays so."""
        turn = self._state.turn(turn_id)
        if turn.state is TurnState.REPLACED:
            return
        self._messages.supersede(turn_id)
        self._messages.touch(turn, now)
        self._messages.settle(turn.conversation_id)
        self._set(turn, TurnState.REPLACED)

    def of_message(self, channel: Channel, bot: str, conversation_id: str, message_id: str) -> Turn | None:
        wanted = (channel, bot, conversation_id, message_id)

        def is_it(turn: Turn) -> bool:
            return (turn.channel, turn.bot, turn.conversation_id, turn.origin.message_id) == wanted

        return self._last(is_it) if message_id else None

    def latest(self, conversation_id: str, user_id: int) -> Turn | None:
        def is_it(turn: Turn) -> bool:
            here = turn.conversation_id == conversation_id and turn.user_id == user_id
            return here and turn.state is not TurnState.REPLACED

        return self._last(is_it)

    def count_since(self, user_id: int, since: datetime) -> int:
        """Replaced turns count: they were work, too."""
        return sum(turn.user_id == user_id and turn.received_at >= since for turn in self._state.turns.values())

    def _last(self, is_it: Callable[[Turn], bool]) -> Turn | None:
        return next((turn for turn in reversed(self._state.turns.values()) if is_it(turn)), None)

    def _set(self, turn: Turn, state: TurnState, reason: str = "") -> None:
        self._state.turns[turn.id] = replace(turn, state=state, reason=reason)


def _copy(origin: Origin) -> Origin:
    """As it would come back from a database."""
    return origin_of(json.loads(to_json(origin_values(origin))), checked(origin.message_id))
