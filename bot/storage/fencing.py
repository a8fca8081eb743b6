"""Who may change a turn's parts: the process that took the turn up last."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from bot.errors import NotFound, TakenOver
from bot.storage.tables import turns

# On PostgreSQL the turn is held meanwhile, so that nobody takes it up between the look and the change.
_ATTEMPTS = select(turns.c.attempts).where(turns.c.id == bindparam("id")).with_for_update(read=True)


def check_attempt(connection: Connection, turn_id: int, attempt: int) -> None:
    """Raises NotFound for a turn that was forgotten, TakenOver where another has taken it up since.

    The attempt is the fencing token of Kleppmann, "How to do distributed locking" (2016): a process that was paused,
    and does not know that its turn is another's by now, changes nothing any more.
    """
    last = connection.scalar(_ATTEMPTS, {"id": turn_id})
    if last is None:
        raise NotFound(f"There is no turn {turn_id}; its conversation may have been forgotten.")
    if last != attempt:
        raise TakenOver(f"The turn {turn_id} was taken up by another.")
