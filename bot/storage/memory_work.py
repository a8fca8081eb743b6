"""The repositories of the in-memory twin, over one state that a transaction copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain import UnansweredQuestion
from bot.storage.memory_conversations import MemoryConversations
from bot.storage.memory_deliveries import MemoryDeliveries
from bot.storage.memory_outbox import MemoryOpinions, MemoryParts
from bot.storage.memory_people import MemoryAccess, MemoryUsers
from bot.storage.memory_state import State
from bot.storage.memory_turns import MemoryTurns
from bot.storage.text import same_question


class MemoryUnanswered:
    """`bot.ports.Unanswered` in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def note(
        self, text: str, language: str, best_confidence: float, nearest_document: str | None, now: datetime
    ) -> None:
        key = same_question(text)
        known = self._state.unanswered.get(key) or UnansweredQuestion(
            text, language, best_confidence, nearest_document, now, now, 0, self._state.next_id()
        )
        self._state.unanswered[key] = replace(
            known,
            best_confidence=best_confidence,
            nearest_document=nearest_document,
            last_asked_at=now,
            times=known.times + 1,
        )

    def list(self, limit: int = 100) -> Sequence[UnansweredQuestion]:
        by_id = sorted(self._state.unanswered.values(), key=lambda question: question.id)
        return sorted(by_id, key=lambda question: (question.times, question.last_asked_at), reverse=True)[:limit]


@dataclass(frozen=True, slots=True)
class MemoryUnitOfWork:
    """`bot.ports.UnitOfWork` in memory."""

    users: MemoryUsers
    conversations: MemoryConversations
    turns: MemoryTurns
    deliveries: MemoryDeliveries
    unanswered: MemoryUnanswered
    parts: MemoryParts
    opinions: MemoryOpinions
    access: MemoryAccess

    @classmethod
    def over(cls, state: State) -> MemoryUnitOfWork:
        return cls(
            MemoryUsers(state),
            MemoryConversations(state),
            MemoryTurns(state),
            MemoryDeliveries(state),
            MemoryUnanswered(state),
            MemoryParts(state),
            MemoryOpinions(state),
            MemoryAccess(state),
        )
