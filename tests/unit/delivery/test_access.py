"""Who may talk, and how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.delivery.access import ALPHABET, AccessOptions, Gate, Policy
from bot.delivery.inbox import Inbox, Refused
from bot.domain import AccessState, Channel, Incoming, Origin, User
from bot.storage.memory import MemoryStorage


class Door:
    """A gate with an inbox behind it, and a clock to be moved."""

    def __init__(self, policy: Policy = "open", per_minute: int = 0, per_day: int = 0, **lists: frozenset[str]) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)
        self.storage = MemoryStorage()
        options = AccessOptions(policy, per_minute=per_minute, per_day=per_day, **lists)
        self.gate = Gate(self.storage, options, self.now)
        self.inbox = Inbox(self.storage, now=self.now)
        self.given = 0

    def now(self) -> datetime:
        return self.time

    async def knock(self, who: str = "1", admin: bool = False, update: str = "") -> str:
        """`in`, or the id of the sentence that the person gets; empty for silence."""
        self.given += 1
        incoming = Incoming(User(Channel.TELEGRAM, who), "c", "hello", update or str(self.given), Origin(admin=admin))
        try:
            await self.inbox.accept_incoming(incoming, self.gate)
        except Refused as refused:
            self.code = str(refused.verdict.values.get("code", ""))
            return refused.verdict.text_id
        return "in"

    async def set(self, who: str, state: AccessState) -> None:
        await self.storage.run(
            lambda work: work.access.set(work.users.ensure(User(Channel.TELEGRAM, who)).id, state, self.now())
        )


@pytest.mark.parametrize(
    ("policy", "known", "stranger"),
    [("open", "in", "in"), ("allowlist", "in", "access-not-listed"), ("pairing", "in", "access-pairing")],
)
async def test_policies(policy: Policy, known: str, stranger: str) -> None:
    door = Door(policy, allow=frozenset({"telegram:1"}))
    assert await door.knock("1") == known
    assert await door.knock("2") == stranger
    await door.set("3", AccessState.ALLOWED)
    assert await door.knock("3") == "in"


@pytest.mark.parametrize("policy", ["open", "allowlist", "pairing"])
async def test_the_banned_get_silence_and_admins_are_always_in(policy: Policy) -> None:
    door = Door(policy, ban=frozenset({"telegram:1"}), per_minute=1)
    await door.set("2", AccessState.BANNED)
    assert [await door.knock("1"), await door.knock("2")] == ["", ""]
    assert [await door.knock("1", admin=True) for _ in range(3)] == ["in"] * 3


async def test_a_stranger_is_told_once_in_a_while() -> None:
    door = Door("allowlist")
    assert [await door.knock() for _ in range(3)] == ["access-not-listed", "", ""]
    door.time += timedelta(hours=1)
    assert await door.knock() == "access-not-listed"


async def test_pairing_by_a_code_that_stays_the_same_until_it_is_confirmed() -> None:
    door = Door("pairing")
    assert await door.knock() == "access-pairing"
    code = door.code
    assert len(code) == 8 and set(code) <= set(ALPHABET)
    assert await door.knock() == "access-pairing" and door.code == code
    assert await door.knock("2") == "access-pairing" and door.code != code
    assert await door.gate.confirm(Channel.DISCORD, code) is None
    assert await door.gate.confirm(Channel.TELEGRAM, "") is None
    confirmed = await door.gate.confirm(Channel.TELEGRAM, f" {code[:4].lower()}-{code[4:]} ")
    assert confirmed is not None and confirmed.user.external_id == "1" and confirmed.state is AccessState.ALLOWED
    assert await door.gate.confirm(Channel.TELEGRAM, code) is None
    assert await door.knock() == "in"


async def test_a_limit_is_told_once_a_window_and_ends() -> None:
    door = Door(per_minute=2)
    assert [await door.knock() for _ in range(5)] == ["in", "in", "access-per-minute", "", ""]
    assert await door.knock("2") == "in"
    door.time += timedelta(seconds=61)
    assert [await door.knock() for _ in range(3)] == ["in", "in", "access-per-minute"]


async def test_a_limit_a_day() -> None:
    door = Door(per_day=1)
    assert [await door.knock(), await door.knock()] == ["in", "access-per-day"]
    door.time += timedelta(days=1, seconds=1)
    assert await door.knock() == "in"


async def test_a_redelivered_update_is_no_further_turn() -> None:
    door = Door(per_minute=1)
    assert await door.knock(update="same") == "in"
    assert await door.knock(update="same") == "in"


async def test_a_turn_that_is_one_too_many_is_not_kept() -> None:
    door = Door(per_minute=1)
    await door.knock()
    await door.knock()
    assert len(await door.storage.read(lambda work: work.turns.unfinished())) == 1
