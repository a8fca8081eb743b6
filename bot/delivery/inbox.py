"""The inbox: a message becomes a turn, and is kept before anyone is told that it was accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from bot.delivery.access import ADMITTED, Gate, Verdict
from bot.delivery.keeping import commit
from bot.delivery.rules import TurnRules
from bot.domain import Channel, Delivery, Incoming, Turn, TurnState, User
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

    def __init__(
        self,
        storage: Storage,
        max_characters: int = 8000,
        now: Callable[[], datetime] = _now,
        rules: TurnRules | None = None,
    ) -> None:
        self._storage = storage
        self._max_characters = max_characters
        self._now = now
        self.rules = rules or TurnRules()

    async def accept(self, user: User, conversation_id: str, text: str, update_id: str = "") -> Turn:
        """Keep a turn. Raises InvalidInput for an empty or too long text, and StorageError."""
        return (await self.accept_incoming(Incoming(user, conversation_id, text, update_id)))[0]

    async def accept_incoming(self, incoming: Incoming, gate: Gate | None = None) -> tuple[Turn, bool]:
        """Keep a turn in one transaction; False where the update was there already. What `origin.replaces` names is
        marked as replaced with it; so is what the message is joined to. Raises InvalidInput for an empty or too long
        text, Refused, Outdated, and StorageError.
        """
        text = self.checked(incoming.text)

        def keep(work: UnitOfWork) -> tuple[Turn, bool] | Verdict:
            known = work.users.ensure(incoming.user)
            verdict = gate.admit(work, known, incoming.origin.admin) if gate is not None else ADMITTED
            if not verdict.admitted:
                return verdict  # given back, not raised: a pairing code is kept
            turn, fresh = self._accept(work, incoming, known, text)
            if fresh and gate is not None:
                self._limit(work, turn, known, gate)  # raises: the turn that was one too many is not kept
            return turn, fresh

        kept = await commit(self._storage, "turn accepted", keep)
        if isinstance(kept, Verdict):
            raise Refused(kept)
        return kept

    def _accept(self, work: UnitOfWork, incoming: Incoming, known: User, text: str) -> tuple[Turn, bool]:
        now, direct = self._now(), known.channel is Channel.CONSOLE
        work.conversations.ensure(incoming.conversation_id, known.channel, now)
        turn = Turn(
            known.channel,
            incoming.conversation_id,
            known.id,
            text,
            incoming.update_id or uuid4().hex,
            now,
            incoming.bot,
            origin=incoming.origin,
            delivery=Delivery.DIRECT if direct else Delivery.PENDING,
        )
        before = None if direct else self._to_join(work, turn)
        if before is not None:
            turn = joined(before, turn)
        turn, fresh = work.turns.accept(turn)
        if fresh and turn.origin.replaces:
            old = work.turns.get(turn.origin.replaces)
            if old is None or old.state is TurnState.REPLACED:  # a turn is replaced once, or two would answer
                raise Outdated
            work.turns.replace(old.id, now)
        return turn, fresh

    def _to_join(self, work: UnitOfWork, turn: Turn) -> Turn | None:
        """The person's message just before, if the two are to be answered as one: nobody has begun with it yet."""
        if self.rules.while_answering != "join" or turn.origin.replaces or turn.text.startswith("/"):
            return None
        before = work.turns.latest(turn.conversation_id, turn.user_id)
        if before is None or before.update_id == turn.update_id or before.attempts or not before.unfinished:
            return None
        recent = abs(turn.received_at - before.received_at) <= self.rules.join_within
        fits = len(before.text) + len(turn.text) < self._max_characters
        return before if recent and fits and not before.text.startswith("/") else None

    def _limit(self, work: UnitOfWork, turn: Turn, known: User, gate: Gate) -> None:
        """Raises Refused where the person, the conversation or all of them together ask too much."""
        verdict = gate.limit(work, known, turn.origin.admin)
        if verdict.admitted and not turn.origin.replaces:
            everywhere, here = work.deliveries.backlog(turn.conversation_id)
            if everywhere > self.rules.queue or here > self.rules.queue_here:
                verdict = Verdict(False, "overloaded")
        if not verdict.admitted:
            raise Refused(verdict)

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


def joined(before: Turn, turn: Turn) -> Turn:
    """Two messages as one turn, which takes the place of the first."""
    origin = replace(
        turn.origin,
        replaces=before.id,
        files=(*before.origin.files, *turn.origin.files),
        quoted=turn.origin.quoted or before.origin.quoted,
        quoted_ours=turn.origin.quoted_ours or before.origin.quoted_ours,
    )
    return replace(turn, text=f"{before.text}\n{turn.text}", origin=origin)


CONSOLE_USER = User(Channel.CONSOLE, "local")
