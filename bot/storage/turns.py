"""Turns and what became of them, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.sql.dml import ReturningInsert

from bot.domain import Channel, Message, Reply, Role, Turn, TurnState
from bot.errors import NotFound
from bot.storage.attachments import SqlAttachments
from bot.storage.details import message_of, origin_values
from bot.storage.messages import SqlMessages
from bot.storage.tables import conversations, turns, users
from bot.storage.text import title_of
from bot.storage.turn_rows import read_turn
from bot.storage.upsert import insert_or

UNFINISHED = (TurnState.ACCEPTED, TurnState.WORKING)
BROKEN_OFF = (TurnState.INTERRUPTED, TurnState.FAILED)
FINAL = (TurnState.ANSWERED, TurnState.REPLACED)

# The statements of every turn, built once: building them anew took most of a turn's time here (benchmarks/storage).
_KNOWN = select(turns).where(*(turns.c[name] == bindparam(name) for name in ("channel", "bot", "update_id")))
_TURN = select(turns).where(turns.c.id == bindparam("id"))
# On PostgreSQL two processes may change a turn at once; SQLite, with its one writer, leaves the locks out. All lock the
# conversation before its turns, so that none waits for one who waits for it, and nothing that refers to them.
_TURN_TO_CHANGE = _TURN.with_for_update(key_share=True)
_CONVERSATION = select(conversations.c.id).where(conversations.c.id == bindparam("id")).with_for_update(key_share=True)
_HOME = (
    select(conversations.c.id)
    .join(turns, turns.c.conversation_id == conversations.c.id)
    .where(turns.c.id == bindparam("id"))
    .with_for_update(key_share=True, of=conversations)
)
_PERSON = select(users.c.id).where(users.c.id == bindparam("id")).with_for_update(read=True, key_share=True)


@cache
def _accepting(dialect: str) -> ReturningInsert[Any]:
    return insert_or(dialect, turns).on_conflict_do_nothing().returning(turns.c.id)


class SqlTurns:
    """`bot.ports.Turns` over one transaction.

    An answered turn is final but for being replaced, a replaced one in every way: starting, finishing or ending it
    changes nothing. A broken-off one may be finished later, and the whole reply then takes the place of the
    broken-off text.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._messages = SqlMessages(connection)
        self._attachments = SqlAttachments(connection)

    def accept(self, turn: Turn) -> tuple[Turn, bool]:
        """Raises NotFound if the conversation or the person was not ensured before."""
        known = self._known(turn)
        if known is not None:
            return known, False
        self._require(turn)
        values = {
            "channel": turn.channel,
            "bot": turn.bot,
            "update_id": turn.update_id,
            "conversation_id": turn.conversation_id,
            "user_id": turn.user_id,
            "text": turn.text,
            "state": TurnState.ACCEPTED,
            "reason": "",
            "received_at": turn.received_at,
            "message_id": turn.origin.message_id,
            "origin": origin_values(turn.origin),
            "delivery": turn.delivery,
        }
        turn_id = self._connection.scalar(_accepting(self._connection.dialect.name), values)
        if turn_id is None:  # another process was faster by a moment
            return self._known(turn) or turn, False
        kept = replace(turn, id=turn_id, state=TurnState.ACCEPTED)
        self._messages.say(kept, Role.USER, turn.text, turn.received_at)
        self._messages.touch(turn.conversation_id, turn.received_at, 1, title_of(turn.text))
        return kept, True

    def get(self, turn_id: int) -> Turn | None:
        row = self._connection.execute(_TURN, {"id": turn_id}).first()
        return read_turn(row) if row else None

    def start(self, turn_id: int, now: datetime) -> None:
        """Raises NotFound."""
        if self._existing(turn_id, alone=True).state not in FINAL:
            self._set(turn_id, state=TurnState.WORKING, started_at=now, ended_at=None, reason="")

    def finish(self, turn_id: int, reply: Reply, now: datetime) -> Message:
        """A turn that is answered already gives the message that was kept first; a replaced one keeps nothing, and
        gives the reply as a message without an id. Raises NotFound.
        """
        turn = self._existing(turn_id)
        if turn.state is TurnState.REPLACED:
            return message_of(reply, turn_id, now)
        if turn.state is not TurnState.ANSWERED:
            removed = self._messages.unsay(turn_id)
            self._messages.say(turn, Role.ASSISTANT, reply.text, now, reply)
            self._messages.touch(turn.conversation_id, now, 1 - removed)
            self._attachments.put(turn_id, reply.attachment)
            self._set(turn_id, state=TurnState.ANSWERED, ended_at=now, reason="")
        kept = self._messages.reply_to(turn_id)
        assert kept is not None, "an answered turn has its reply"
        return kept[0]

    def end(self, turn_id: int, state: TurnState, now: datetime, text: str = "", reason: str = "") -> None:
        """Raises NotFound; ValueError for a state that is not INTERRUPTED or FAILED."""
        if state not in BROKEN_OFF:
            raise ValueError(f"a turn cannot end as {state}")
        turn = self._existing(turn_id)
        if turn.state in FINAL:
            return
        removed = self._messages.unsay(turn_id)
        if text:
            self._messages.say(turn, Role.ASSISTANT, text, now)
        self._messages.touch(turn.conversation_id, now, bool(text) - removed)
        self._set(turn_id, state=state, ended_at=now, reason=reason)

    def unfinished(self, conversation_id: str | None = None) -> Sequence[Turn]:
        waiting = select(turns).where(turns.c.state.in_(UNFINISHED)).order_by(turns.c.id)
        if conversation_id is not None:
            waiting = waiting.where(turns.c.conversation_id == conversation_id)
        return [read_turn(row) for row in self._connection.execute(waiting)]

    def reply(self, turn_id: int) -> Reply | None:
        """A replaced turn still gives the reply that it had; one that was broken off has none."""
        kept = self._messages.reply_to(turn_id)
        if kept is None or kept[1] is None:
            return None
        return replace(kept[1], attachment=self._attachments.get(turn_id))

    def seen(self, turn_id: int) -> str:
        kept = self._messages.reply_to(turn_id)
        return kept[0].text if kept else ""

    def replace(self, turn_id: int, now: datetime) -> None:
        """Raises NotFound. A turn that is replaced already stays so."""
        turn = self._existing(turn_id)
        if turn.state is TurnState.REPLACED:
            return
        self._messages.touch(turn.conversation_id, now, -self._messages.supersede(turn_id))
        self._messages.retitle(turn.conversation_id)
        self._set(turn_id, state=TurnState.REPLACED, ended_at=now, reason="")

    def of_message(self, channel: Channel, bot: str, conversation_id: str, message_id: str) -> Turn | None:
        """Gives the latest in whatever state it is."""
        if not message_id:
            return None
        here = (turns.c.conversation_id == conversation_id, turns.c.message_id == message_id)
        return self._last(*here, turns.c.channel == channel, turns.c.bot == bot)

    def latest(self, conversation_id: str, user_id: int) -> Turn | None:
        mine = (turns.c.conversation_id == conversation_id, turns.c.user_id == user_id)
        return self._last(*mine, turns.c.state != TurnState.REPLACED)

    def count_since(self, user_id: int, since: datetime) -> int:
        """Replaced turns count: they were work, too."""
        recent = (turns.c.user_id == user_id, turns.c.received_at >= since)
        return self._connection.scalar(select(func.count()).select_from(turns).where(*recent)) or 0

    def _last(self, *where: Any) -> Turn | None:
        row = self._connection.execute(select(turns).where(*where).order_by(turns.c.id.desc()).limit(1)).first()
        return read_turn(row) if row else None

    def _known(self, turn: Turn) -> Turn | None:
        same = {"channel": turn.channel, "bot": turn.bot, "update_id": turn.update_id}
        row = self._connection.execute(_KNOWN, same).first()
        return read_turn(row) if row else None

    def _require(self, turn: Turn) -> None:
        if self._connection.execute(_CONVERSATION, {"id": turn.conversation_id}).first() is None:
            raise NotFound(f"There is no conversation {turn.conversation_id}.")
        if self._connection.execute(_PERSON, {"id": turn.user_id}).first() is None:
            raise NotFound(f"There is no person {turn.user_id}.")

    def _existing(self, turn_id: int, alone: bool = False) -> Turn:
        """The turn, locked; `alone` where its conversation stays as it is."""
        if not alone:
            self._connection.execute(_HOME, {"id": turn_id})
        row = self._connection.execute(_TURN_TO_CHANGE, {"id": turn_id}).first()
        if row is None:
            raise NotFound(f"There is no turn {turn_id}; its conversation may have been forgotten.")
        return read_turn(row)

    def _set(self, turn_id: int, **values: object) -> None:
        self._connection.execute(update(turns).where(turns.c.id == turn_id).values(**values))
