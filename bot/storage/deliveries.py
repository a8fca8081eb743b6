"""Turns on their way to the platform, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, case, exists, func, or_, select, update

from bot.domain import TO_DO, Channel, Delivery, Doubt, Turn, TurnState
from bot.errors import NotFound
from bot.storage.attachments import SqlAttachments
from bot.storage.fencing import check_attempt
from bot.storage.tables import parts, turns
from bot.storage.turn_rows import read_turn
from bot.storage.types import UtcDateTime

UNFINISHED = (TurnState.ACCEPTED, TurnState.WORKING)

_TAKE_UP = (
    update(turns)
    .where(
        turns.c.id == bindparam("turn"),
        turns.c.delivery.in_(TO_DO),
        turns.c.state != TurnState.REPLACED,
    )
    .values(
        attempts=turns.c.attempts + 1,
        state=case((turns.c.state == TurnState.ACCEPTED, TurnState.WORKING), else_=turns.c.state),
        started_at=case(
            (turns.c.state.in_(UNFINISHED), bindparam("now", type_=UtcDateTime())), else_=turns.c.started_at
        ),
    )
    .returning(*turns.c)
)


class SqlDeliveries:
    """`bot.ports.Deliveries` over one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take_up(self, turn_id: int, now: datetime) -> Turn | None:
        """One statement: of two processes at once the second counts last, and is the one whose changes hold."""
        row = self._connection.execute(_TAKE_UP, {"turn": turn_id, "now": now}).first()
        return read_turn(row) if row else None

    def waiting(self, channel: Channel, bot: str) -> Sequence[Turn]:
        here = (turns.c.channel == channel, turns.c.bot == bot, turns.c.delivery.in_(TO_DO))
        wanted = select(turns).where(*here, turns.c.state != TurnState.REPLACED).order_by(turns.c.id)
        return [read_turn(row) for row in self._connection.execute(wanted)]

    def pending(self, limit: int = 100) -> Sequence[Turn]:
        there = (turns.c.delivery.in_(TO_DO), turns.c.state != TurnState.REPLACED)
        oldest = select(turns).where(*there).order_by(turns.c.id).limit(limit)
        return [read_turn(row) for row in self._connection.execute(oldest)]

    def before(self, turn_id: int) -> Sequence[Turn]:
        this = turns.alias()
        same = (turns.c[name] == this.c[name] for name in ("conversation_id", "channel", "bot"))
        earlier = select(turns).join(this, and_(this.c.id == turn_id, turns.c.id < this.c.id, *same))
        waiting = earlier.where(turns.c.delivery.in_(TO_DO), turns.c.state != TurnState.REPLACED)
        return [read_turn(row) for row in self._connection.execute(waiting.order_by(turns.c.id))]

    def backlog(self, conversation_id: str) -> tuple[int, int]:
        here = func.count().filter(turns.c.conversation_id == conversation_id)
        counted = select(func.count(), here).select_from(turns)
        waiting = (turns.c.state.in_(UNFINISHED), turns.c.delivery != Delivery.DIRECT)
        everywhere, inside = self._connection.execute(counted.where(*waiting)).one()
        return everywhere, inside

    def ended(self, turn_id: int, delivery: Delivery, attempt: int) -> None:
        """Raises NotFound and TakenOver."""
        check_attempt(self._connection, turn_id, attempt)
        self._connection.execute(update(turns).where(turns.c.id == turn_id).values(delivery=delivery))
        if delivery is Delivery.DELIVERED:
            SqlAttachments(self._connection).drop(turn_id)

    def handed_back(self, turn_id: int, attempt: int) -> None:
        """Raises NotFound and TakenOver."""
        check_attempt(self._connection, turn_id, attempt)
        self._connection.execute(update(turns).where(turns.c.id == turn_id).values(excused=turns.c.excused + 1))

    def stop(self, turn_id: int) -> None:
        """Raises NotFound."""
        if not self._connection.execute(update(turns).where(turns.c.id == turn_id).values(stopped=True)).rowcount:
            raise NotFound(f"There is no turn {turn_id}.")

    def troubled(self, limit: int = 100) -> Sequence[Turn]:
        in_doubt = exists().where(parts.c.turn_id == turns.c.id, parts.c.doubt != Doubt.NONE)
        bad = or_(turns.c.delivery == Delivery.UNDELIVERABLE, turns.c.state == TurnState.FAILED, in_doubt)
        there = (turns.c.channel != Channel.CONSOLE, turns.c.state != TurnState.REPLACED)
        newest = select(turns).where(bad, *there).order_by(turns.c.id.desc()).limit(limit)
        return [read_turn(row) for row in self._connection.execute(newest)]

    def again(self, turn_id: int) -> bool:
        here = (turns.c.id == turn_id, turns.c.channel != Channel.CONSOLE, turns.c.state != TurnState.REPLACED)
        failed = update(turns).where(*here, turns.c.state == TurnState.FAILED)
        undelivered = update(turns).where(*here, turns.c.delivery == Delivery.UNDELIVERABLE)
        anew = {"delivery": Delivery.PENDING, "excused": turns.c.attempts}
        changed = self._connection.execute(failed.values(state=TurnState.ACCEPTED, reason="", **anew)).rowcount
        return bool(changed or self._connection.execute(undelivered.values(**anew)).rowcount)
