"""Who was let in, who waits, who is banned, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from bot.domain import Access, AccessState, Channel, User
from bot.storage.tables import access, users
from bot.storage.upsert import insert_or
from bot.storage.users import require_person

_ENTRIES = (
    select(access, users.c.channel, users.c.external_id, users.c.display_name)
    .join(users, users.c.id == access.c.user_id)
    .order_by(access.c.since.desc(), access.c.user_id.desc())
)


class SqlAccess:
    """`bot.ports.AccessList` over one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, user_id: int) -> Access | None:
        row = self._connection.execute(_ENTRIES.where(access.c.user_id == user_id)).first()
        return _entry(row) if row else None

    def set(self, user_id: int, state: AccessState, now: datetime, code: str = "") -> Access:
        """A code is kept only while PENDING. Raises NotFound for an unknown person."""
        require_person(self._connection, user_id)
        values = {"state": state, "code": code if state is AccessState.PENDING else "", "since": now}
        adding = insert_or(self._connection.dialect.name, access).values(user_id=user_id, **values)
        self._connection.execute(adding.on_conflict_do_update(index_elements=["user_id"], set_=values))
        return _entry(self._connection.execute(_ENTRIES.where(access.c.user_id == user_id)).one())

    def remove(self, user_id: int) -> None:
        self._connection.execute(delete(access).where(access.c.user_id == user_id))

    def by_code(self, channel: Channel, code: str) -> Access | None:
        """An empty code finds nobody."""
        if not code:
            return None
        waiting = (access.c.code == code, access.c.state == AccessState.PENDING, users.c.channel == channel)
        row = self._connection.execute(_ENTRIES.where(*waiting).limit(1)).first()
        return _entry(row) if row else None

    def list(self, state: AccessState | None = None) -> Sequence[Access]:
        chosen = _ENTRIES if state is None else _ENTRIES.where(access.c.state == state)
        return [_entry(row) for row in self._connection.execute(chosen)]


def _entry(row: Row[Any]) -> Access:
    person = User(Channel(row.channel), row.external_id, row.display_name, row.user_id)
    return Access(person, AccessState(row.state), row.since, row.code)
