"""The outbox: which parts of which reply stand on the platform, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, func, select, union_all, update

from bot.domain import Channel, Doubt, PartState, SentPart, Turn
from bot.errors import NotFound
from bot.storage.fencing import check_attempt
from bot.storage.tables import parts, turns
from bot.storage.turn_rows import read_turn
from bot.storage.upsert import insert_or

AROUND = 1000  # turns before and after one that count as of its time

# Built once. On PostgreSQL the turn is held while its parts change.
_TURN_ALONE = select(turns.c.id).where(turns.c.id == bindparam("id")).with_for_update(key_share=True)
_OF_TURN = select(parts).where(parts.c.turn_id == bindparam("id")).order_by(parts.c.position)


class SqlParts:
    """`bot.ports.Parts` over one transaction. What changes a part of an unknown turn raises NotFound."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sending(self, turn_id: int, position: int, attempt: int, hint: str = "") -> None:
        """The digest is emptied: until the call has come back, nobody knows what the platform shows."""
        self._put(turn_id, position, attempt, PartState.SENDING, digest="", hint=hint)

    def sent(self, turn_id: int, position: int, attempt: int, external_id: str, digest: str) -> None:
        self._put(turn_id, position, attempt, PartState.SENT, external_id=external_id, digest=digest)

    def failed(self, turn_id: int, position: int, attempt: int) -> None:
        self._put(turn_id, position, attempt, PartState.FAILED)

    def doubted(self, turn_id: int, position: int, attempt: int, doubt: Doubt) -> None:
        check_attempt(self._connection, turn_id, attempt)
        here = (parts.c.turn_id == turn_id, parts.c.position == position)
        self._connection.execute(update(parts).where(*here).values(doubt=doubt))

    def removed(self, turn_id: int, position: int, attempt: int) -> None:
        with suppress(NotFound):  # the rows of a forgotten turn are gone already
            check_attempt(self._connection, turn_id, attempt)
        self._connection.execute(delete(parts).where(parts.c.turn_id == turn_id, parts.c.position == position))

    def of_turn(self, turn_id: int) -> Sequence[SentPart]:
        return [
            SentPart(
                row.turn_id,
                row.position,
                PartState(row.state),
                row.external_id,
                row.digest,
                row.hint,
                Doubt(row.doubt),
            )
            for row in self._connection.execute(_OF_TURN, {"id": turn_id})
        ]

    def take_over(self, old_turn: int, new_turn: int) -> None:
        """They follow those that the new turn may have already, so that none is lost sight of."""
        self._require(new_turn, _TURN_ALONE)  # two at once would give the same positions
        if old_turn == new_turn:
            return
        last = select(func.max(parts.c.position)).where(parts.c.turn_id == new_turn)
        free = self._connection.scalar(last)
        moved = {"turn_id": new_turn, "position": parts.c.position + (0 if free is None else free + 1)}
        self._connection.execute(update(parts).where(parts.c.turn_id == old_turn).values(**moved))

    def known(self, turn: Turn, external_ids: Collection[str]) -> Mapping[str, Collection[str]]:
        bots = (turns.c.channel == turn.channel, turns.c.bot == turn.bot)
        sent = select(parts.c.external_id, turns.c.conversation_id).join(turns, turns.c.id == parts.c.turn_id)
        told = select(turns.c.message_id, turns.c.conversation_id).where(turns.c.message_id.in_(external_ids), *bots)
        both = union_all(
            sent.where(parts.c.external_id.in_(external_ids), *bots),
            told.where(turns.c.id.between(turn.id - AROUND, turn.id + AROUND)),
        )
        found: dict[str, set[str]] = {}
        for external_id, conversation_id in self._connection.execute(both):
            found.setdefault(external_id, set()).add(conversation_id)
        return found

    def turn_of(self, channel: Channel, bot: str, conversation_id: str, external_id: str) -> Turn | None:
        """Gives the latest in whatever state it is."""
        if not external_id:
            return None
        here = (turns.c.channel == channel, turns.c.bot == bot, turns.c.conversation_id == conversation_id)
        found = (
            select(turns).join(parts, parts.c.turn_id == turns.c.id).where(parts.c.external_id == external_id, *here)
        )
        row = self._connection.execute(found.order_by(turns.c.id.desc()).limit(1)).first()
        return read_turn(row) if row else None

    def _put(self, turn_id: int, position: int, attempt: int, state: PartState, **values: str) -> None:
        check_attempt(self._connection, turn_id, attempt)
        new = {"turn_id": turn_id, "position": position, "external_id": "", "digest": "", "state": state, **values}
        adding = insert_or(self._connection.dialect.name, parts).values(**new)
        known = adding.on_conflict_do_update(index_elements=["turn_id", "position"], set_={"state": state, **values})
        self._connection.execute(known)

    def _require(self, turn_id: int, held: Select[Any]) -> None:
        if self._connection.execute(held, {"id": turn_id}).first() is None:
            raise NotFound(f"There is no turn {turn_id}; its conversation may have been forgotten.")
