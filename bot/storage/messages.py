"""The messages of turns, with their citations, in SQL; the repositories share them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, delete, func, insert, select, update

from bot.domain import Citation, Message, Outcome, Reply, Role, Turn
from bot.storage.details import reply_details, reply_of
from bot.storage.tables import citations, conversations, messages
from bot.storage.text import title_of
from bot.storage.types import Prose, UtcDateTime

# Built once, as every turn says something: building them anew took most of a turn's time here (benchmarks/storage).
_SAY = insert(messages).returning(messages.c.id)
_TOUCH = (
    update(conversations)
    .where(conversations.c.id == bindparam("conversation"))
    .values(
        updated_at=case(
            (conversations.c.updated_at < bindparam("now"), bindparam("now", type_=UtcDateTime())),
            else_=conversations.c.updated_at,
        ),
        messages=conversations.c.messages + bindparam("more"),
        title=case((conversations.c.title == "", bindparam("new_title", type_=Prose())), else_=conversations.c.title),
    )
)


class SqlMessages:
    """What is said in turns, over one transaction. A message of a replaced turn stays, but counts no more."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def say(self, turn: Turn, role: Role, text: str, now: datetime, reply: Reply | None = None) -> None:
        values = {
            "conversation_id": turn.conversation_id,
            "turn_id": turn.id,
            "role": role,
            "text": text,
            "language": reply.language if reply else "",
            "skill": reply.skill if reply else "",
            "outcome": reply.outcome if reply else None,
            "details": reply_details(reply) if reply else {},
            "created_at": now,
        }
        message_id = int(self._connection.execute(_SAY, values).scalar_one())
        if reply and reply.citations:
            self._connection.execute(insert(citations), _citation_rows(message_id, reply.citations))

    def unsay(self, turn_id: int) -> int:
        """Delete what was kept of a broken-off reply; gives how many messages that were."""
        return self._connection.execute(delete(messages).where(*_reply_to(turn_id))).rowcount

    def supersede(self, turn_id: int) -> int:
        """Take a turn's messages out of the history; gives how many messages that were."""
        mine = (messages.c.turn_id == turn_id, ~messages.c.superseded)
        return self._connection.execute(update(messages).where(*mine).values(superseded=True)).rowcount

    def reply_to(self, turn_id: int) -> tuple[Message, Reply | None] | None:
        """What was said to a turn: as a message and, where it was not broken off, as the reply that it was."""
        row = self._connection.execute(select(messages).where(*_reply_to(turn_id))).first()
        if row is None:
            return None
        (message,) = read_messages(self._connection, [row])
        return message, reply_of(message, row.details)

    def touch(self, conversation_id: str, now: datetime, more: int, title: str = "") -> None:
        """Count so many messages more, and give a title where there is none."""
        values = {"conversation": conversation_id, "now": now, "more": more, "new_title": title}
        self._connection.execute(_TOUCH, values)

    def retitle(self, conversation_id: str) -> None:
        """Take the title anew from the first message that is left, so that it says nothing that was taken back."""
        asked = select(messages.c.text).where(
            messages.c.conversation_id == conversation_id, messages.c.role == Role.USER, ~messages.c.superseded
        )
        text = self._connection.scalar(asked.order_by(messages.c.id).limit(1))
        self._change(conversation_id, title=title_of(text or ""))

    def recount(self, conversation_id: str) -> None:
        """Count the messages anew, after some were deleted."""
        kept = (messages.c.conversation_id == conversation_id, ~messages.c.superseded)
        self._change(conversation_id, messages=select(func.count()).where(*kept).scalar_subquery())

    def _change(self, conversation_id: str, **values: object) -> None:
        self._connection.execute(update(conversations).where(conversations.c.id == conversation_id).values(**values))


def read_messages(connection: Connection, rows: Sequence[Row[Any]]) -> list[Message]:
    """Messages with their citations, out of rows of the table `messages`."""
    said = [row.id for row in rows if row.role == Role.ASSISTANT]
    cited: dict[int, list[Citation]] = defaultdict(list)
    if said:
        ordered = select(citations).where(citations.c.message_id.in_(said)).order_by(citations.c.ordinal)
        for row in connection.execute(ordered):
            cited[row.message_id].append(_citation(row))
    return [_message(row, tuple(cited[row.id])) for row in rows]


def _reply_to(turn_id: int) -> tuple[Any, ...]:
    return messages.c.turn_id == turn_id, messages.c.role == Role.ASSISTANT


def _citation_rows(message_id: int, cited: Sequence[Citation]) -> list[dict[str, object]]:
    return [
        {
            "message_id": message_id,
            "ordinal": ordinal,
            "document": citation.document,
            "title": citation.title,
            "passage": citation.passage,
            "score": citation.score,
            "passage_id": citation.passage_id,
            "start_offset": citation.start,
            "end_offset": citation.end,
            "url": citation.url,
        }
        for ordinal, citation in enumerate(cited)
    ]


def _citation(row: Row[Any]) -> Citation:
    return Citation(
        document=row.document,
        title=row.title,
        passage=row.passage,
        score=row.score,
        passage_id=row.passage_id,
        start=row.start_offset,
        end=row.end_offset,
        url=row.url,
    )


def _message(row: Row[Any], cited: tuple[Citation, ...]) -> Message:
    return Message(
        role=Role(row.role),
        text=row.text,
        created_at=row.created_at,
        turn_id=row.turn_id,
        language=row.language,
        skill=row.skill,
        outcome=Outcome(row.outcome) if row.outcome else None,
        citations=cited,
        id=row.id,
    )
