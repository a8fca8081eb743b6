"""Several gateway connections, as a setting or as Discord recommends."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.channels.discord.client import ParleyClient
from bot.errors import ChannelError
from tests.channels.discord.test_troubles import at_once
from tests.support.discord_bench import Bench, bench, eventually, spoken
from tests.support.discord_server.channels import Channel

TWO = {"shards": 2, "max_concurrency": 2}


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ParleyClient, "before_identify_hook", at_once)


def one_of_each(shop: Bench) -> dict[int, Channel]:
    """A channel on each of two shards, by shard."""
    found: dict[int, Channel] = {}
    while len(found) < 2:
        guild = shop.server.guild("Branch")
        guild.joins(shop.alice)
        found[(guild.id >> 22) % 2] = guild.text_channel("support")
    return found


@pytest.mark.parametrize(("setting", "opened"), [(1, 1), (2, 2), (0, 2)], ids=["one", "two", "recommended"])
async def test_so_many_connections_as_the_setting_says(tmp_path: Path, setting: int, opened: int) -> None:
    async with bench(tmp_path, settings={"shards": setting}, server=TWO, start=False) as shop:
        places = one_of_each(shop)
        await shop.start()
        assert {session.count for session in shop.server.sessions.live.values()} == {opened}
        assert len(shop.server.sessions.live) == opened
        for place in (*places.values(), shop.alice.dm()):
            assert (await shop.ask(f"{shop.me} hello", where=place)).text == "You said: hello"


async def test_what_one_connection_missed_is_caught_up_while_the_others_go_on(tmp_path: Path) -> None:
    async with bench(tmp_path, settings={"shards": 2}, server=TWO, start=False) as shop:
        places = one_of_each(shop)
        await shop.start()
        for shard, place in places.items():
            await shop.ask(f"{shop.me} before", where=place)
            shop.server.drop_gateway(resumable=False, shard=shard)
            await place.says(shop.alice, f"{shop.me} meanwhile")
            assert (await place.answer(where=spoken)).text == "You said: meanwhile"
        assert len(shop.turns()) == 4


async def test_a_number_that_discord_refuses_is_one_clear_sentence(tmp_path: Path) -> None:
    async with bench(tmp_path) as shop:
        shop.server.gateway.close_all(4011, "Sharding required.")
        error = await shop.ended()
        assert isinstance(error, ChannelError) and "discord.shards = 0" in str(error)


async def test_what_is_said_while_a_session_begins_hides_nothing_that_was_missed(tmp_path: Path) -> None:
    """The last turn tells how far a place was seen: until that was looked at, there must be no newer one."""
    async with bench(tmp_path, ready_timeout=0.3) as shop:
        dm = shop.alice.dm()
        await shop.ask("one")
        await shop.stop()
        await dm.says(shop.alice, "two")
        before = set(shop.server.sessions.live)
        starting = shop.starting()
        await eventually(lambda: set(shop.server.sessions.live) - before)
        await dm.says(shop.alice, "three")
        await starting
        await eventually(lambda: len(dm.bot_messages()) == 3)
        assert [each.text for each in dm.bot_messages()] == [f"You said: {word}" for word in ("one", "two", "three")]
