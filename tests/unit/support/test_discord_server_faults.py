"""The Discord server for tests: rate limits and faults, as the real client meets them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest
from discord import app_commands

from tests.support.compressed import run_compressed
from tests.support.discord_server import DiscordServer
from tests.support.discord_server.client import a_client
from tests.support.discord_server.shop import TOKEN, Shop, a_shop
from tests.support.discord_server.world import loop_time

MESSAGES, ONE = "/channels/*/messages", "/channels/*/messages/*"


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with a_shop() as made:
        yield made


async def _send(session: aiohttp.ClientSession, server: DiscordServer, channel_id: int) -> aiohttp.ClientResponse:
    """A send without discord.py's own care for the limits."""
    url = f"{server.api_base}/channels/{channel_id}/messages"
    response = await session.post(url, json={"content": "x"}, headers={"Authorization": f"Bot {TOKEN}"})
    await response.read()
    return response


async def test_the_sixth_message_in_five_seconds_is_refused_with_every_header() -> None:
    async with DiscordServer(TOKEN) as server, aiohttp.ClientSession() as session:
        guild = server.guild("Shop")
        channel, other = guild.text_channel("one"), guild.text_channel("other")
        answers = [await _send(session, server, channel.id) for _ in range(6)]
        assert [answer.status for answer in answers] == [200] * 5 + [429]
        assert [answer.headers["X-RateLimit-Remaining"] for answer in answers[:5]] == ["4", "3", "2", "1", "0"]
        refused = answers[5]
        body = await refused.json()
        assert 0 < body["retry_after"] <= 5 and body["global"] is False
        assert refused.headers["Via"] and int(refused.headers["Retry-After"]) >= body["retry_after"]
        assert refused.headers["X-RateLimit-Bucket"] == answers[0].headers["X-RateLimit-Bucket"]
        assert refused.headers["X-RateLimit-Scope"] == "user"
        assert float(refused.headers["X-RateLimit-Reset"]) > 0
        assert (await _send(session, server, other.id)).status == 200
        assert server.given_429[("POST", "/channels/{channel_id}/messages")] == 1


async def test_fifty_calls_a_second_are_the_most_for_all_routes_together() -> None:
    async with DiscordServer(TOKEN) as server, aiohttp.ClientSession() as session:
        guild = server.guild("Shop")
        channels = [guild.text_channel(f"c{number}") for number in range(51)]
        assert (server.limits.everywhere.limit, server.limits.everywhere.per) == (50, 1.0)
        server.limits.everywhere.per = 60.0  # on a slow machine 51 calls take longer than a second
        answers = [await _send(session, server, channel.id) for channel in channels]
        assert [answer.status for answer in answers] == [200] * 50 + [429]
        assert (await answers[50].json())["global"] is True
        assert answers[50].headers["X-RateLimit-Global"] == "true"


def test_the_real_client_keeps_to_the_limits_by_the_headers() -> None:
    async def talk() -> None:
        async with a_shop(a_client(guild_ready_timeout=1), rate_limits=True) as shop:
            began = loop_time()
            await asyncio.gather(*(shop.channel().send(str(number)) for number in range(12)))
            assert loop_time() - began >= 10
            assert sorted(int(one.text) for one in shop.support.shown()) == list(range(12))
            assert not shop.server.given_429

    run_compressed(talk(), 20)


def test_an_interactions_messages_have_a_limit_of_their_own() -> None:
    async def talk() -> None:
        client = a_client(guild_ready_timeout=0.25)
        tree: app_commands.CommandTree[discord.Client] = app_commands.CommandTree(client)

        @tree.command(description="Counts")
        async def count(interaction: discord.Interaction[discord.Client]) -> None:
            await interaction.response.send_message("0")
            for number in range(1, 12):
                await interaction.edit_original_response(content=str(number))

        async with a_shop(client, rate_limits=True) as shop:
            await tree.sync()
            began = loop_time()
            made = await shop.alice.slash("count", channel=shop.support)
            await shop.server.until(lambda: made.response.text == "11", within=60)
            assert loop_time() - began >= 4
            assert not shop.server.given_429

    run_compressed(talk(), 5)


def test_a_nonce_is_forgotten_after_minutes() -> None:
    async def talk() -> None:
        async with a_shop(a_client(guild_ready_timeout=100)) as shop:
            first = await shop.channel().send("one", nonce="1")
            await asyncio.sleep(301)
            second = await shop.channel().send("one", nonce="1")
            assert first.id != second.id

    run_compressed(talk(), 2000)


def test_retry_after_is_waited_for() -> None:
    async def talk() -> None:
        async with a_shop(a_client(guild_ready_timeout=2.5)) as shop:
            shop.server.fail("POST", MESSAGES, times=2, status=429, retry_after=7.5)
            await shop.channel().send("patient")
            first, second, third = shop.server.calls("POST", MESSAGES)
            assert [first.status, second.status, third.status] == [429, 429, 200]
            assert second.at - first.at >= 7.5 and third.at - second.at >= 7.5
            shop.server.fail("PATCH", ONE, status=429, retry_after=3, everywhere=True)
            await (await shop.channel().send("x")).edit(content="y")
            assert shop.last().text == "y"

    run_compressed(talk(), 50)


async def test_a_ban_by_cloudflare_is_an_error_at_once(shop: Shop) -> None:
    shop.server.fail("POST", MESSAGES, status=429, cloudflare=True)
    with pytest.raises(discord.HTTPException) as refused:
        await shop.channel().send("x")
    assert refused.value.status == 429


def test_an_error_after_the_effect_doubles_a_message_without_a_nonce_only() -> None:
    async def talk() -> None:
        async with a_shop(a_client(guild_ready_timeout=2.5)) as shop:
            shop.server.fail("POST", MESSAGES, status=502, after_effect=True)
            route = discord.http.Route("POST", "/channels/{channel_id}/messages", channel_id=shop.support.id)
            await shop.client.http.request(route, json={"content": "doubled"})
            shop.server.fail("POST", MESSAGES, status=502, after_effect=True)
            await shop.channel().send("once", nonce="outbox-1")
            assert [one.text for one in shop.support.shown()] == ["doubled", "doubled", "once"]

    run_compressed(talk(), 50)


async def test_a_cut_connection_before_and_after_the_effect(shop: Shop) -> None:
    shop.server.cut("POST", MESSAGES)
    with pytest.raises(aiohttp.ClientError):
        await shop.channel().send("lost")
    assert shop.support.shown() == []
    shop.server.cut("POST", MESSAGES, after_effect=True)
    with pytest.raises(aiohttp.ClientError):
        await shop.channel().send("kept", nonce="1")
    assert [one.text for one in shop.support.shown()] == ["kept"]
    assert [call.status for call in shop.server.calls("POST", MESSAGES)] == [0, 0]
    await shop.channel().send("kept", nonce="1")
    assert [one.text for one in shop.support.shown()] == ["kept"]


async def test_a_restart_in_the_middle_of_a_call(shop: Shop) -> None:
    shop.server.slow("POST", MESSAGES, seconds=60)
    sending = asyncio.create_task(shop.channel().send("x"))
    await shop.server.until(lambda: shop.server.calls("POST", MESSAGES))
    await shop.server.stop()
    with pytest.raises(aiohttp.ClientError):
        await sending
    await shop.server.start()
    assert shop.support.shown() == []
    await shop.channel().send("y")
    assert [one.text for one in shop.support.shown()] == ["y"]


async def test_errors_hit_only_their_route(shop: Shop) -> None:
    shop.server.fail("PATCH", ONE, status=403, code=50001, message="Missing Access")
    sent = await shop.channel().send("fine")
    with pytest.raises(discord.Forbidden) as refused:
        await sent.edit(content="not fine")
    assert (refused.value.code, shop.last().text) == (50001, "fine")
    await sent.edit(content="fine again")
    assert shop.last().text == "fine again"


def test_slow_answers_come_late() -> None:
    async def talk() -> None:
        async with a_shop(a_client(guild_ready_timeout=5)) as shop:
            shop.server.slow("POST", MESSAGES, seconds=20)
            began = loop_time()
            await shop.channel().send("at last")
            assert loop_time() - began >= 20

    run_compressed(talk(), 100)


async def test_unknown_routes_and_wrong_ids(shop: Shop) -> None:
    request = shop.client.http.request
    with pytest.raises(discord.NotFound):
        await request(discord.http.Route("GET", "/voice/regions"))
    with pytest.raises(discord.NotFound) as unknown:
        await shop.client.fetch_channel(1)
    assert unknown.value.code == 10003
    with pytest.raises(discord.HTTPException) as wrong:
        await request(discord.http.Route("GET", "/channels/{channel_id}", channel_id="abc"))
    assert wrong.value.code == 50035


async def test_ids_come_in_as_text_or_numbers_and_go_out_as_text(shop: Shop) -> None:
    route = discord.http.Route("POST", "/users/@me/channels")
    by_number = await shop.client.http.request(route, json={"recipient_id": shop.alice.id})
    by_text = await shop.client.http.request(route, json={"recipient_id": str(shop.alice.id)})
    assert by_number == by_text
    assert by_text["recipients"][0]["id"] == str(shop.alice.id)


async def test_a_record_of_everything_is_kept(shop: Shop) -> None:
    await shop.hears("hello")
    await shop.channel().send("hi", allowed_mentions=discord.AllowedMentions.none())
    (call,) = shop.server.calls("POST", MESSAGES)
    assert (call.json["content"], call.json["allowed_mentions"]) == ("hi", {"parse": []})
    (lines,) = shop.server.transcripts().values()
    assert [(line.author, line.text) for line in lines] == [("Alice", "hello"), ("Parley", "hi")]
