"""Whether somebody is let in, where nothing of them is to be kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.delivery.access import AccessOptions, Gate, Policy
from bot.domain import AccessState, Channel, User
from bot.ports import Storage, UnitOfWork
from bot.storage.memory import MemoryStorage
from bot.storage.sql import SqlStorage

ANN = User(Channel.TELEGRAM, "1", "Ann")
NAME = "telegram:1"


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest, database_url: str) -> Storage:
    return MemoryStorage() if request.param == "memory" else SqlStorage(database_url)


@pytest.mark.parametrize(
    ("policy", "allow", "ban", "state", "admin", "expected"),
    [
        ("open", (), (), None, False, True),
        ("open", (), (NAME,), None, False, False),
        ("open", (), (), AccessState.BANNED, False, False),
        ("allowlist", (), (), None, False, False),
        ("allowlist", (), (), None, True, True),
        ("allowlist", (NAME,), (), None, False, True),
        ("allowlist", (NAME,), (NAME,), None, False, False),
        ("pairing", (), (), AccessState.PENDING, False, False),
        ("pairing", (), (), AccessState.ALLOWED, False, True),
    ],
)
async def test_who_is_let_in(
    storage: Storage,
    policy: Policy,
    allow: tuple[str, ...],
    ban: tuple[str, ...],
    state: AccessState | None,
    admin: bool,
    expected: bool,
) -> None:
    gate = Gate(storage, AccessOptions(policy, frozenset(allow), frozenset(ban)))
    if state is not None:
        await storage.run(lambda work: work.access.set(work.users.ensure(ANN).id, state, datetime.now(UTC), "CODE"))
    assert await gate.lets_in(ANN, admin) is expected


async def test_nothing_is_kept_of_who_only_looked(storage: Storage) -> None:
    gate = Gate(storage, AccessOptions("pairing"))
    assert not await gate.lets_in(ANN)

    def look(work: UnitOfWork) -> tuple[int, int]:
        return len(work.access.list()), work.users.ensure(User(Channel.TELEGRAM, "2")).id

    assert await storage.run(look) == (0, 1)
