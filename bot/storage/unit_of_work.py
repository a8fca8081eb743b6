"""One SQL transaction with the repositories over it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from bot.storage.access import SqlAccess
from bot.storage.conversations import SqlConversations
from bot.storage.deliveries import SqlDeliveries
from bot.storage.opinions import SqlOpinions
from bot.storage.parts import SqlParts
from bot.storage.turns import SqlTurns
from bot.storage.unanswered import SqlUnanswered
from bot.storage.users import SqlUsers


@dataclass(frozen=True, slots=True)
class SqlUnitOfWork:
    """`bot.ports.UnitOfWork`: lives as long as the transaction of its connection, and is used by one thread."""

    users: SqlUsers
    conversations: SqlConversations
    turns: SqlTurns
    deliveries: SqlDeliveries
    unanswered: SqlUnanswered
    parts: SqlParts
    opinions: SqlOpinions
    access: SqlAccess

    @classmethod
    def over(cls, connection: Connection) -> SqlUnitOfWork:
        return cls(
            SqlUsers(connection),
            SqlConversations(connection),
            SqlTurns(connection),
            SqlDeliveries(connection),
            SqlUnanswered(connection),
            SqlParts(connection),
            SqlOpinions(connection),
            SqlAccess(connection),
        )
