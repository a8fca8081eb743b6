"""Questions that the knowledge base could not answer, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from bot.domain import UnansweredQuestion
from bot.storage.tables import unanswered_questions
from bot.storage.text import same_question
from bot.storage.upsert import insert_or


class SqlUnanswered:
    """`bot.ports.Unanswered` over one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(
        self, text: str, language: str, best_confidence: float, nearest_document: str | None, now: datetime
    ) -> None:
        # How near the knowledge base came changes as it grows, so the latest counts.
        latest = {"best_confidence": best_confidence, "nearest_document": nearest_document, "last_asked_at": now}
        adding = insert_or(self._connection.dialect.name, unanswered_questions).values(
            digest=same_question(text), text=text, language=language, first_asked_at=now, times=1, **latest
        )
        again = {**latest, "times": unanswered_questions.c.times + 1}
        self._connection.execute(adding.on_conflict_do_update(index_elements=["digest"], set_=again))

    def list(self, limit: int = 100) -> Sequence[UnansweredQuestion]:
        table = unanswered_questions.c
        often = select(unanswered_questions).order_by(table.times.desc(), table.last_asked_at.desc(), table.id)
        return [
            UnansweredQuestion(
                text=row.text,
                language=row.language,
                best_confidence=row.best_confidence,
                nearest_document=row.nearest_document,
                first_asked_at=row.first_asked_at,
                last_asked_at=row.last_asked_at,
                times=row.times,
                id=row.id,
            )
            for row in self._connection.execute(often.limit(limit))
        ]
