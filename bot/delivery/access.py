"""The gate: who may talk to Parley, and how often."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from bot.delivery.keeping import commit
from bot.domain import Access, AccessState, Channel, User
from bot.ports import Storage, UnitOfWork

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without I, L, O, 0 and 1, which look alike
CODE_LENGTH = 8

Policy = Literal["open", "allowlist", "pairing"]


@dataclass(frozen=True, slots=True)
class AccessOptions:
    """Who is let in by `policy`, always, and never; people are named `telegram:123`. A limit of 0 is none."""

    policy: Policy = "open"
    allow: frozenset[str] = frozenset()
    ban: frozenset[str] = frozenset()
    per_minute: int = 20
    per_day: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says. Where the person is not admitted, `text_id` names the sentence for them; empty: silence."""

    admitted: bool
    text_id: str = ""
    values: dict[str, str | int | float] = field(default_factory=dict)


ADMITTED = Verdict(True)
SILENCE = Verdict(False)


def _now() -> datetime:
    return datetime.now(UTC)


class _Looked(Exception):  # noqa: N818
    """Carries what was looked up out of a transaction that is to be rolled back."""

    def __init__(self, entry: Access | None) -> None:
        super().__init__()
        self.entry = entry


def _name(user: User) -> str:
    return f"{user.channel}:{user.external_id}"


class Gate:
    """Judges inside the transaction in which a turn is accepted, so that limits hold for turns at the same instant.

    A sentence of refusal is said once in a while, not to each message.
    """

    def __init__(
        self, storage: Storage, options: AccessOptions | None = None, now: Callable[[], datetime] = _now
    ) -> None:
        self._storage = storage
        self.options = options or AccessOptions()
        self._now = now
        self._told: dict[tuple[int, str], tuple[datetime, int]] = {}

    def admit(self, work: UnitOfWork, user: User, admin: bool = False) -> Verdict:
        """Whether a kept person may talk at all. Under the policy `pairing` a stranger gets a code, and keeps it."""
        if admin:
            return ADMITTED
        entry = work.access.get(user.id)
        if self._banned(user, entry):
            return SILENCE
        if self._welcome(user, entry):
            return ADMITTED
        if self.options.policy == "allowlist":
            return self._say_seldom(user, "access-not-listed", timedelta(hours=1))
        code = entry.code if entry is not None and entry.code else self._new_code(work, user)
        return self._say_seldom(user, "access-pairing", timedelta(minutes=1), times=3, code=code)

    async def lets_in(self, user: User, admin: bool = False) -> bool:
        """Whether a person would be admitted, without a turn, a code or a sentence: for what is only looked up, as an
        inline query is. Nothing is kept of the person. Raises StorageError.
        """

        def look(work: UnitOfWork) -> None:
            raise _Looked(work.access.get(work.users.ensure(user).id))  # which takes the person out again

        if admin:
            return True
        try:
            await commit(self._storage, "access changed", look)
        except _Looked as looked:
            return not self._banned(user, looked.entry) and self._welcome(user, looked.entry)
        raise AssertionError("looking always raises")

    def _banned(self, user: User, entry: Access | None) -> bool:
        return _name(user) in self.options.ban or (entry is not None and entry.state is AccessState.BANNED)

    def _welcome(self, user: User, entry: Access | None) -> bool:
        known = _name(user) in self.options.allow or (entry is not None and entry.state is AccessState.ALLOWED)
        return known or self.options.policy == "open"

    def limit(self, work: UnitOfWork, user: User, admin: bool = False) -> Verdict:
        """Whether the person's newest turn, which is counted already, is one too many."""
        if admin:
            return ADMITTED
        limits = (("access-per-minute", self.options.per_minute, timedelta(minutes=1)),
                  ("access-per-day", self.options.per_day, timedelta(days=1)))  # fmt: skip
        for text_id, most, window in limits:
            if most and work.turns.count_since(user.id, self._now() - window) > most:
                return self._say_seldom(user, text_id, window, limit=most)
        return ADMITTED

    async def confirm(self, channel: Channel, code: str) -> Access | None:
        """Let in the person with that pairing code; None if nobody waits with it. Raises StorageError."""
        cleaned = "".join(letter for letter in code.upper() if letter.isalnum())

        def let_in(work: UnitOfWork) -> Access | None:
            entry = work.access.by_code(channel, cleaned) if cleaned else None
            return work.access.set(entry.user.id, AccessState.ALLOWED, self._now()) if entry is not None else None

        return await commit(self._storage, "access changed", let_in)

    def _new_code(self, work: UnitOfWork, user: User) -> str:
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        while work.access.by_code(user.channel, code) is not None:
            code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        return work.access.set(user.id, AccessState.PENDING, self._now(), code).code

    def _say_seldom(
        self, user: User, text_id: str, window: timedelta, times: int = 1, **values: str | int | float
    ) -> Verdict:
        """The sentence, at most so many times in a window; silence otherwise."""
        now = self._now()
        since, said = self._told.get((user.id, text_id), (now, 0))
        if now - since >= window:
            since, said = now, 0
        if said >= times:
            return SILENCE
        if len(self._told) > 10_000:
            self._told = {key: kept for key, kept in self._told.items() if now - kept[0] < timedelta(days=1)}
        self._told[user.id, text_id] = (since, said + 1)
        return Verdict(False, text_id, values)
