"""The inbox: a message becomes a turn, and is kept before anyone is told that it was accepted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from bot.delivery.access import ADMITTED, Gate, Verdict
from bot.domain import Channel, Incoming, Turn, TurnState, User
from bot.domain.text import clean
from bot.errors import InvalidInput
from bot.ports import Storage, UnitOfWork


def _now() -> datetime:
    return datetime.now(UTC)


class Refused(Exception):  # noqa: N818 - reads as a sentence where it is caught
    """The gate let nothing in; `verdict` says what to tell the person."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__("refused by the gate")
        self.verdict = verdict


class Outdated(Exception):  # noqa: N818
    """What was to be replaced has been replaced or forgotten in the meantime; nothing was kept."""


class Inbox:
    """Accepts messages. The same update again changes nothing and gives the turn that is already there."""

    def __init__(self, storage: Storage, max_characters: int = 8000, now: Callable[[], datetime] = _now) -> None:
        self._storage = storage
        self._max_characters = max_characters
        self._now = now

    async def accept(self, user: User, conversation_id: str, text: str, update_id: str = "") -> Turn:
        """Keep a turn. Raises InvalidInput for an empty or too long text, and StorageError."""
        return (await self.accept_incoming(Incoming(user, conversation_id, text, update_id)))[0]

    async def accept_incoming(self, incoming: Incoming, gate: Gate | None = None) -> tuple[Turn, bool]:
        """Keep a turn in one transaction; False where the update was there already. What `origin.replaces` names is
        marked as replaced with it. Raises InvalidInput for an empty or too long text, Refused, Outdated, and
        StorageError.
        """
        text = self.checked(incoming.text)
        origin = incoming.origin

        def keep(work: UnitOfWork) -> tuple[Turn, bool] | Verdict:
            known = work.users.ensure(incoming.user)
            verdict = gate.admit(work, known, origin.admin) if gate is not None else ADMITTED
            if not verdict.admitted:
                return verdict  # given back, not raised: a pairing code is kept
            now = self._now()
            work.conversations.ensure(incoming.conversation_id, known.channel, now)
            turn, fresh = work.turns.accept(
                Turn(
                    known.channel,
                    incoming.conversation_id,
                    known.id,
                    text,
                    incoming.update_id or uuid4().hex,
                    now,
                    incoming.bot,
                    origin=origin,
                )
            )
            if fresh and gate is not None and not (verdict := gate.limit(work, known, origin.admin)).admitted:
                raise Refused(verdict)  # raised: the turn that was one too many is not kept
            if fresh and origin.replaces:
                old = work.turns.get(origin.replaces)
                if old is None or old.state is TurnState.REPLACED:  # a turn is replaced once, or two would answer
                    raise Outdated
                work.turns.replace(old.id, now)
            return turn, fresh

        kept = await self._storage.run(keep)
        if isinstance(kept, Verdict):
            raise Refused(kept)
        return kept

    def checked(self, text: str) -> str:
        """The text as it is kept. Raises InvalidInput for an empty or too long one."""
        cleaned = clean(text)
        if not cleaned:
            raise InvalidInput("The message is empty.", text_id="empty-message")
        if len(cleaned) > self._max_characters:
            raise InvalidInput(
                f"The message has {len(cleaned)} characters; at most {self._max_characters} fit.",
                text_id="message-too-long",
                length=len(cleaned),
                limit=self._max_characters,
            )
        return cleaned


CONSOLE_USER = User(Channel.CONSOLE, "local")
