"""What people think of replies, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, select

from bot.domain import Feedback, Opinion, Role
from bot.errors import NotFound
from bot.storage.tables import messages, opinions, turns
from bot.storage.upsert import insert_or
from bot.storage.users import require_person


class SqlOpinions:
    """`bot.ports.Opinions` over one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def give(self, turn_id: int, user_id: int, opinion: Opinion | None, now: datetime) -> None:
        """Raises NotFound for an unknown turn or person."""
        there = select(turns.c.id).where(turns.c.id == turn_id).with_for_update(read=True, key_share=True)
        if self._connection.execute(there).first() is None:
            raise NotFound(f"There is no turn {turn_id}; its conversation may have been forgotten.")
        require_person(self._connection, user_id)
        if opinion is None:
            mine = (opinions.c.turn_id == turn_id, opinions.c.user_id == user_id)
            self._connection.execute(delete(opinions).where(*mine))
            return
        values = {"opinion": opinion, "given_at": now}
        giving = insert_or(self._connection.dialect.name, opinions).values(turn_id=turn_id, user_id=user_id, **values)
        self._connection.execute(giving.on_conflict_do_update(index_elements=["turn_id", "user_id"], set_=values))

    def list(
        self, opinion: Opinion | None = None, limit: int | None = 100, user_id: int | None = None
    ) -> Sequence[Feedback]:
        """Opinions of replaced replies, too: many a bad one is asked for anew."""
        said = and_(messages.c.turn_id == opinions.c.turn_id, messages.c.role == Role.ASSISTANT)
        newest = (
            select(opinions, turns.c.text.label("question"), func.coalesce(messages.c.text, "").label("answer"))
            .join(turns, turns.c.id == opinions.c.turn_id)
            .outerjoin(messages, said)
            .order_by(opinions.c.given_at.desc(), opinions.c.turn_id.desc(), opinions.c.user_id.desc())
            .limit(limit)
        )
        chosen = newest if opinion is None else newest.where(opinions.c.opinion == opinion)
        if user_id is not None:
            chosen = chosen.where(opinions.c.user_id == user_id)
        return [
            Feedback(row.turn_id, row.user_id, Opinion(row.opinion), row.given_at, row.question, row.answer)
            for row in self._connection.execute(chosen)
        ]
