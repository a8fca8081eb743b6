"""Conversations and their messages, in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Row, bindparam, delete, func, select, update

from bot.domain import Channel, Conversation, Message, Turn
from bot.errors import NotFound
from bot.storage.messages import read_messages
from bot.storage.tables import conversations, messages, turns
from bot.storage.turn_rows import read_turn
from bot.storage.upsert import insert_or

# Built once, as every turn asks for one of them.
_HISTORY = (
    select(messages)
    .where(messages.c.conversation_id == bindparam("conversation"), ~messages.c.superseded)
    .order_by(messages.c.id.desc())
    .limit(bindparam("limit", type_=Integer))
)
_HISTORY_OF_ONE = _HISTORY.join(turns, turns.c.id == messages.c.turn_id).where(turns.c.user_id == bindparam("user"))


class SqlConversations:
    """`bot.ports.Conversations` over one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ensure(self, conversation_id: str, channel: Channel, now: datetime) -> Conversation:
        """It stays until the transaction ends."""
        values = {"id": conversation_id, "channel": channel, "created_at": now, "updated_at": now}
        adding = insert_or(self._connection.dialect.name, conversations).values(**values, title="", messages=0)
        held = select(conversations).where(conversations.c.id == conversation_id).with_for_update(key_share=True)
        row = None
        while row is None:  # on PostgreSQL another process may forget it between the two
            self._connection.execute(adding.on_conflict_do_nothing())
            row = self._connection.execute(held).first()
        return read_conversation(row)

    def get(self, conversation_id: str) -> Conversation | None:
        row = self._connection.execute(select(conversations).where(conversations.c.id == conversation_id)).first()
        return read_conversation(row) if row else None

    def recent(self, limit: int = 20) -> Sequence[Conversation]:
        newest = select(conversations).order_by(conversations.c.updated_at.desc(), conversations.c.id).limit(limit)
        return [read_conversation(row) for row in self._connection.execute(newest)]

    def history(self, conversation_id: str, limit: int, user_id: int | None = None) -> Sequence[Message]:
        if limit <= 0:
            return []
        last = {"conversation": conversation_id, "limit": limit}
        if user_id is None:
            rows = self._connection.execute(_HISTORY, last).all()
        else:
            rows = self._connection.execute(_HISTORY_OF_ONE, {**last, "user": user_id}).all()
        return read_messages(self._connection, rows[::-1])

    def values(self, conversation_id: str) -> Mapping[str, str]:
        mine = conversations.c.id == conversation_id
        return dict(self._connection.scalar(select(conversations.c["values"]).where(mine)) or {})

    def set_values(self, conversation_id: str, values: Mapping[str, str]) -> None:
        setting = update(conversations).where(conversations.c.id == conversation_id)
        if not self._connection.execute(setting.values({conversations.c["values"]: dict(values)})).rowcount:
            raise NotFound(f"There is no conversation {conversation_id}.")

    def with_people(self, channel: Channel, bot: str = "") -> Sequence[Turn]:
        """Turns of just that bot, in whatever state."""
        here = (turns.c.conversation_id == conversations.c.id, turns.c.bot == bot)
        # One step into an index for each conversation, where grouping would read every turn.
        latest = select(turns.c.id).where(*here).order_by(turns.c.id.desc()).limit(1).scalar_subquery()
        ids = select(latest).select_from(conversations).where(conversations.c.channel == channel)
        found = select(turns).where(turns.c.id.in_(ids)).order_by(turns.c.id.desc())
        return [read_turn(row) for row in self._connection.execute(found)]

    def forget(self, conversation_id: str) -> int:
        """Messages of replaced turns are deleted and counted, too."""
        locked = select(conversations.c.id).where(conversations.c.id == conversation_id).with_for_update()
        self._connection.execute(locked)  # on PostgreSQL nobody may say anything between counting and deleting
        mine = messages.c.conversation_id == conversation_id
        count = self._connection.scalar(select(func.count()).select_from(messages).where(mine))
        self._connection.execute(delete(conversations).where(conversations.c.id == conversation_id))
        return count or 0


def read_conversation(row: Row[Any]) -> Conversation:
    return Conversation(
        id=row.id,
        channel=Channel(row.channel),
        created_at=row.created_at,
        updated_at=row.updated_at,
        title=row.title,
        messages=row.messages,
    )
