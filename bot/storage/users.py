"""People, what they set, and what they said, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from bot.domain import Channel, Conversation, Message, Preferences, User
from bot.errors import NotFound
from bot.storage.conversations import read_conversation
from bot.storage.messages import SqlMessages, read_messages
from bot.storage.tables import conversations, messages, opinions, preferences, turns, users
from bot.storage.upsert import insert_or


class SqlUsers:
    """`bot.ports.Users` over one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def ensure(self, user: User) -> User:
        values = {"channel": user.channel, "external_id": user.external_id, "display_name": user.display_name}
        adding = insert_or(self._connection.dialect.name, users).values(**values).on_conflict_do_nothing()
        self._connection.execute(adding)
        same = (users.c.channel == user.channel, users.c.external_id == user.external_id)
        row = self._connection.execute(select(users.c.id, users.c.display_name).where(*same)).one()
        if user.display_name and user.display_name != row.display_name:
            self._connection.execute(update(users).where(*same).values(display_name=user.display_name))
        return replace(user, id=row.id, display_name=user.display_name or row.display_name)

    def preferences(self, user_id: int) -> Preferences:
        row = self._connection.execute(select(preferences).where(preferences.c.user_id == user_id)).first()
        if row is None:
            return Preferences()
        # `values` is also a method of rows' mappings, hence the column itself as the key.
        return Preferences(row.language, row.persona, dict(row._mapping[preferences.c["values"]]))

    def set_preferences(self, user_id: int, preferences_: Preferences) -> None:
        """Raises NotFound."""
        require_person(self._connection, user_id)
        values = {"language": preferences_.language, "persona": preferences_.persona, "values": preferences_.values}
        adding = insert_or(self._connection.dialect.name, preferences).values(user_id=user_id, **values)
        self._connection.execute(adding.on_conflict_do_update(index_elements=["user_id"], set_=values))

    def get(self, user_id: int) -> User | None:
        row = self._connection.execute(select(users).where(users.c.id == user_id)).first()
        return User(Channel(row.channel), row.external_id, row.display_name, row.id) if row else None

    def messages(self, user_id: int) -> Sequence[tuple[Conversation, Message]]:
        """With those of replaced turns, as they are kept as well."""
        mine = select(messages).join(turns, turns.c.id == messages.c.turn_id).where(turns.c.user_id == user_id)
        rows = self._connection.execute(mine.order_by(messages.c.id)).all()
        said_in = select(turns.c.conversation_id).where(turns.c.user_id == user_id)
        kept = self._connection.execute(select(conversations).where(conversations.c.id.in_(said_in)))
        homes = {row.id: read_conversation(row) for row in kept}
        said = read_messages(self._connection, rows)
        return [(homes[row.conversation_id], message) for row, message in zip(rows, said, strict=True)]

    def forget(self, user_id: int, conversation_id: str | None = None, but_turn: int = 0) -> int:
        """Their opinions of others' replies go, too. The conversations stay, counted anew and with a title of what is
        left; messages of replaced turns are deleted and counted as well.
        """
        here: list[Any] = [] if conversation_id is None else [turns.c.conversation_id == conversation_id]
        mine = (turns.c.user_id == user_id, turns.c.id != but_turn, *here)
        said_in = select(turns.c.conversation_id).where(*mine)
        # Locked in one order, and before their turns, as everyone does (see bot.storage.turns).
        locked = select(conversations.c.id).where(conversations.c.id.in_(said_in)).order_by(conversations.c.id)
        homes = self._connection.scalars(locked.with_for_update(key_share=True)).all()
        count = select(func.count()).select_from(messages).join(turns, turns.c.id == messages.c.turn_id)
        deleted = self._connection.scalar(count.where(*mine)) or 0
        given_in = select(turns.c.id).where(turns.c.id != but_turn, *here)
        given = (opinions.c.user_id == user_id, opinions.c.turn_id.in_(given_in))
        self._connection.execute(delete(opinions).where(*given))
        self._connection.execute(delete(turns).where(*mine))
        left = SqlMessages(self._connection)
        for home in homes:
            left.recount(home)
            left.retitle(home)
        return deleted


def require_person(connection: Connection, user_id: int) -> None:
    """Raises NotFound. On PostgreSQL the person stays until the transaction ends."""
    there = select(users.c.id).where(users.c.id == user_id).with_for_update(read=True, key_share=True)
    if connection.execute(there).first() is None:
        raise NotFound(f"There is no person {user_id}.")
