"""Turns out of rows of the table `turns`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from bot.domain import Channel, Delivery, Turn, TurnState
from bot.storage.details import origin_of


def read_turn(row: Row[Any]) -> Turn:
    return Turn(
        channel=Channel(row.channel),
        conversation_id=row.conversation_id,
        user_id=row.user_id,
        text=row.text,
        update_id=row.update_id,
        received_at=row.received_at,
        bot=row.bot,
        id=row.id,
        state=TurnState(row.state),
        origin=origin_of(row.origin, row.message_id),
        delivery=Delivery(row.delivery),
        attempts=row.attempts,
        stopped=row.stopped,
        reason=row.reason,
        excused=row.excused,
    )
