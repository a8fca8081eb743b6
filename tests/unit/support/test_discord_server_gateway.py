"""The Discord server for tests: sessions, heartbeats, resuming, intents, shards, restarts."""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import Any

import aiohttp
import discord
import pytest

from tests.support.discord_server import DiscordServer
from tests.support.discord_server.client import a_client, connected, points_at
from tests.support.discord_server.shop import TOKEN, Shop, a_shop

HEARTBEAT, IDENTIFY, RESUME = 1, 2, 6


def operations(shop: Shop, *wanted: int) -> list[int]:
    return [frame["op"] for frame in shop.server.gateway.received if frame["op"] in wanted]


async def test_a_dropped_connection_is_resumed_and_what_was_missed_is_replayed() -> None:
    async with a_shop() as shop:
        await shop.hears("before")
        resumed = shop.listens("resumed")
        shop.server.drop_gateway()
        for number in range(3):
            await shop.support.says(shop.alice, str(number))
        assert [(await shop.heard.next()).content for _ in range(3)] == ["0", "1", "2"]
        assert operations(shop, IDENTIFY, RESUME) == [IDENTIFY, RESUME]
        await resumed.next()


async def test_a_session_that_cannot_be_resumed_begins_anew_without_replay() -> None:
    client = a_client()
    waited: list[bool] = []

    async def hook(shard_id: int | None, *, initial: bool = False) -> None:
        waited.append(initial)  # discord.py itself would sleep 5 s here

    client.before_identify_hook = hook  # type: ignore[method-assign]
    async with a_shop(client, identify_interval=0) as shop:
        shop.server.drop_gateway(resumable=False)
        await shop.support.says(shop.alice, "missed")
        await shop.server.until(lambda: operations(shop, IDENTIFY, RESUME) == [IDENTIFY, RESUME, IDENTIFY])
        await shop.server.until(lambda: len(shop.server.sessions.live) == 1)
        assert (await shop.hears("heard")).content == "heard"
        assert waited == [True, False]
        assert [one.content async for one in shop.channel().history()] == ["heard", "missed"]


async def test_reconnect_is_followed_by_a_resume() -> None:
    async with a_shop() as shop:
        resumed = shop.listens("resumed")
        shop.server.asks_reconnect()
        await resumed.next()
        shop.server.invalidates_session(resumable=True)
        await resumed.next()
        assert operations(shop, IDENTIFY, RESUME) == [IDENTIFY, RESUME, RESUME]
        assert (await shop.hears("still here")).content == "still here"


async def test_heartbeats_are_sent_and_also_when_asked_for() -> None:
    async with a_shop(heartbeat_interval=0.1) as shop:
        await shop.server.until(lambda: len(operations(shop, HEARTBEAT)) >= 3)
        assert shop.client.latency < 5
    async with a_shop() as shop:
        before = len(operations(shop, HEARTBEAT))
        shop.server.asks_heartbeat()
        await shop.server.until(lambda: len(operations(shop, HEARTBEAT)) == before + 1)


async def test_a_dead_connection_is_left_and_resumed() -> None:
    async with a_shop(a_client(heartbeat_timeout=0.3)) as shop:
        shop.server.freeze_gateway()
        await shop.support.says(shop.alice, "anyone?")
        assert (await shop.heard.next()).content == "anyone?"
        assert RESUME in operations(shop, RESUME)


async def test_a_client_without_heartbeats_is_cut_off() -> None:
    async with (
        DiscordServer(TOKEN, heartbeat_interval=0.05) as server,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.gateway_url}?v=10&encoding=json") as socket,
    ):
        assert json.loads((await socket.receive()).data)["d"] == {"heartbeat_interval": 50}
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 4009


async def _raw(server: DiscordServer, *frames: Any) -> tuple[list[Any], int | None]:
    """What a bare websocket gets for these frames, through zlib-stream, and the close code."""
    inflate = zlib.decompressobj()
    got: list[Any] = []
    url = f"{server.gateway_url}/?v=10&encoding=json&compress=zlib-stream"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        for frame in frames:
            await socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))
        async with asyncio.timeout(5):
            async for message in socket:
                assert message.data.endswith(b"\x00\x00\xff\xff")
                got.append(json.loads(inflate.decompress(message.data)))
                if got[-1]["op"] == 9:
                    break
        return got, socket.close_code


def _identify(**data: Any) -> dict[str, Any]:
    return {"op": IDENTIFY, "d": {"token": TOKEN, "intents": 1, "properties": {}, **data}}


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", 4002),
        ({"op": 3, "d": {}}, 4003),
        (_identify(token="wrong"), 4004),
        ({"op": RESUME, "d": {"token": "wrong", "session_id": "x", "seq": 1}}, 4004),
        (_identify(shard=[1, 1]), 4010),
        (_identify(intents=None), 4013),
        (_identify(intents=1 << 8), 4014),
    ],
)
async def test_what_the_gateway_closes_with(frame: Any, code: int) -> None:
    async with DiscordServer(TOKEN) as server:
        _, closed_with = await _raw(server, frame)
        assert closed_with == code


async def test_identifying_twice_or_too_often() -> None:
    async with DiscordServer(TOKEN) as server:
        frames, code = await _raw(server, _identify(), _identify())
        assert ([frame["op"] for frame in frames[:1]], frames[1]["t"], code) == ([10], "READY", 4005)
        frames, _ = await _raw(server, _identify())
        assert frames[-1] == {"op": 9, "d": False, "s": None, "t": None}
        frames, _ = await _raw(server, {"op": RESUME, "d": {"token": TOKEN, "session_id": "gone", "seq": 1}})
        assert frames[-1]["op"] == 9
        assert server.gateway.start_limit()["remaining"] == 999


async def test_too_many_frames_close_the_connection() -> None:
    async with DiscordServer(TOKEN) as server:
        _, code = await _raw(server, *[{"op": HEARTBEAT, "d": None}] * 121)
        assert code == 4008


async def test_the_ready_event_has_ids_as_text_and_unavailable_guilds() -> None:
    async with DiscordServer(TOKEN) as server:
        guild = server.guild("Shop")
        guild.text_channel("support")
        guild.joins(server.person("Alice"), roles=[guild.role("manager")])
        frames, _ = await _raw(server, _identify(), _identify())
        ready, created = frames[1]["d"], frames[2]["d"]
        assert ready["guilds"] == [{"id": str(guild.id), "unavailable": True}]
        assert created["unavailable"] is False and created["id"] == str(guild.id)
        assert [member["user"]["id"] for member in created["members"]] == [str(server.bot.id)]
        assert created["member_count"] == 2
        assert isinstance(created["channels"][0]["id"], str)


async def test_missing_privileged_intents_are_told() -> None:
    async with DiscordServer(TOKEN, message_content=False) as server:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            async with connected(a_client(), server, TOKEN):
                pass


async def test_a_revoked_token_ends_the_client() -> None:
    async with DiscordServer(TOKEN) as server:
        client = a_client()
        async with connected(client, server, TOKEN) as running:
            server.revoke_token()
            with pytest.raises(discord.ConnectionClosed) as closed:
                await running
            assert closed.value.code == 4004
            with points_at(server), pytest.raises(discord.LoginFailure):
                async with a_client() as second:
                    await second.login(TOKEN)


async def test_the_server_goes_away_and_comes_back_with_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.backoff.ExponentialBackoff, "delay", lambda self: 0.05)
    async with a_shop() as shop:
        sent = await shop.channel().send("one")
        port = shop.server.port
        await shop.server.stop()
        with pytest.raises(aiohttp.ClientError):
            await sent.edit(content="two")
        await shop.support.says(shop.alice, "meanwhile")
        await shop.server.start()
        assert shop.server.port == port
        assert (await shop.heard.next()).content == "meanwhile"
        await sent.edit(content="two")
        assert shop.last().text == "two"


async def test_shards_get_only_their_guilds() -> None:
    async with DiscordServer(TOKEN, shards=2, max_concurrency=2) as server:
        guilds = [server.guild(f"Guild {number}") for number in range(6)]
        intents = discord.Intents.default()
        client = discord.AutoShardedClient(intents=intents, guild_ready_timeout=0.05)
        waited: list[int | None] = []

        async def hook(shard_id: int | None, *, initial: bool = False) -> None:
            waited.append(shard_id)

        client.before_identify_hook = hook  # type: ignore[method-assign]
        async with connected(client, server, TOKEN):
            assert waited == [0, 1]
            assert {guild.id for guild in client.guilds} == {guild.id for guild in guilds}
            by_shard = {session.shard: session for session in server.sessions.live.values()}
            assert sum(session.sequence - 1 for session in by_shard.values()) == len(guilds)
            assert all(guild.shard_id == (guild.id >> 22) % 2 for guild in client.guilds)


async def test_unknown_events_and_fields_do_no_harm() -> None:
    async with a_shop() as shop:
        types = shop.listens("socket_event_type")
        shop.server.dispatch("SOMETHING_NEW", {"id": "1", "what": {"is": ["this"]}})
        assert await types.next() == "SOMETHING_NEW"
        assert (await shop.hears("hello")).content == "hello"


async def test_the_address_of_the_gateway_is_given() -> None:
    async with a_shop() as shop:
        shards, url, limit = await shop.client.http.get_bot_gateway()
        assert (shards, url) == (1, shop.server.gateway_url)
        assert (limit["total"], limit["max_concurrency"]) == (1000, 1)
