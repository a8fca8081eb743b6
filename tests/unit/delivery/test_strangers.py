"""People who were not let in, and what they are told."""

from __future__ import annotations

import asyncio

import pytest

from bot.delivery.access import AccessOptions
from bot.domain import Channel, Opinion, User
from tests.support.reception_desk import HERE, ReceptionDesk
from tests.support.virtual_time import run_virtually


@pytest.mark.parametrize(("policy", "told"), [("allowlist", 1), ("pairing", 1), ("open", 0)])
def test_strangers_are_told_what_to_do(policy: str, told: int) -> None:
    async def main() -> None:
        desk = ReceptionDesk(AccessOptions(policy))  # type: ignore[arg-type]
        turn = await desk.says("hello")
        await asyncio.sleep(5)
        assert (turn is None) == bool(told) and len(desk.texts) >= 1
        assert ("hello" in desk.texts) is not bool(told)
        assert (await desk.acts("p1:good:1")).alert is (policy == "pairing")  # the other sentence was said already
        await desk.reception.aclose()

    run_virtually(main())


def test_the_banned_get_silence() -> None:
    async def main() -> None:
        desk = ReceptionDesk(AccessOptions(ban=frozenset({"telegram:1"})))
        for said in ("hello", "/stop", "", "x" * 9000):
            assert await desk.says(said) is None
        assert (await desk.acts("p1:good:1")).text == ""
        await asyncio.sleep(5)
        assert desk.platform.calls == []
        await desk.reception.aclose()

    run_virtually(main())


def test_a_reaction_of_a_stranger_keeps_nothing_of_them_and_costs_no_sentence() -> None:
    async def main() -> None:
        desk = ReceptionDesk(AccessOptions("allowlist", allow=frozenset({"telegram:1"})))
        await desk.says("hello")
        await asyncio.sleep(3)
        message, stranger = next(iter(desk.platform.messages)), User(Channel.TELEGRAM, "2")
        for about in (message, "other"):
            assert not await desk.reception.opinion(stranger, HERE, about, Opinion.BAD, "parley")
        assert await desk.desk.storage.read(lambda work: work.opinions.list()) == []
        assert await desk.desk.storage.read(lambda work: [work.users.get(id_) for id_ in range(10)].count(None)) == 9
        await desk.says("hello", who="2")
        await asyncio.sleep(3)
        assert desk.texts[-1] == "Sorry, I only answer people whom the operator has let in."
        assert await desk.reception.opinion(stranger, HERE, message, Opinion.BAD, "parley", admin=True)
        await desk.reception.aclose()

    run_virtually(main())
