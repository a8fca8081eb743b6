"""The files of replies, kept until they were delivered, in SQL."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from bot.domain import Attachment
from bot.storage.tables import attachments
from bot.storage.upsert import insert_or


class SqlAttachments:
    """A turn has one attachment at most."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, turn_id: int, attachment: Attachment | None) -> None:
        if attachment is None:
            return
        values = {"name": attachment.name, "media_type": attachment.media_type, "content": attachment.content}
        adding = insert_or(self._connection.dialect.name, attachments).values(turn_id=turn_id, **values)
        self._connection.execute(adding.on_conflict_do_update(index_elements=["turn_id"], set_=values))

    def get(self, turn_id: int) -> Attachment | None:
        row = self._connection.execute(select(attachments).where(attachments.c.turn_id == turn_id)).first()
        return Attachment(row.name, row.media_type, row.content) if row else None

    def drop(self, turn_id: int) -> None:
        self._connection.execute(delete(attachments).where(attachments.c.turn_id == turn_id))
