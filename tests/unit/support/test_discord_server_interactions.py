"""The Discord server for tests: slash commands, autocomplete, the Apps menu, and responses in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest

from tests.support.compressed import run_compressed
from tests.support.discord_server.client import a_client
from tests.support.discord_server.shop import a_shop
from tests.support.discord_server.talk import Interaction, Talk, a_talk, a_tree
from tests.support.discord_server.world import loop_time


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    async with a_talk() as made:
        yield made


async def test_a_slash_command_is_deferred_and_then_answered(talk: Talk) -> None:
    made = await talk.alice.slash("ask", channel=talk.support, question="why?", loud=True, about=talk.shop.bob)
    assert not made.response.failed
    answer = await made.answer()
    assert (answer.text, answer.ephemeral, answer.edited_at) == ("WHY? about Bob", False, None)
    assert talk.support.shown()[-1].text == "WHY? about Bob"
    fetched = await talk.shop.channel().fetch_message(answer.id)
    assert fetched.interaction_metadata is not None and fetched.interaction_metadata.user.id == talk.alice.id


async def test_commands_work_in_direct_messages(talk: Talk) -> None:
    made = await talk.alice.slash("ask", channel=talk.alice.dm(), question="psst")
    assert (await made.answer()).text == "psst"


async def test_discord_offers_only_what_is_registered_and_allowed(talk: Talk) -> None:
    with pytest.raises(AssertionError, match="no command 'nothing'"):
        await talk.alice.slash("nothing", channel=talk.support)
    with pytest.raises(AssertionError, match="required"):
        await talk.alice.slash("ask", channel=talk.support)
    with pytest.raises(AssertionError, match="no options"):
        await talk.alice.slash("ask", channel=talk.support, question="q", colour="red")
    with pytest.raises(AssertionError, match="takes no int"):
        await talk.alice.slash("ask", channel=talk.support, question=1)
    with pytest.raises(AssertionError, match="not offered"):
        await talk.alice.slash("panel", channel=talk.support)


async def test_autocomplete_gives_choices(talk: Talk) -> None:
    choices = await talk.alice.autocomplete("translate", channel=talk.support, language="eng")
    assert choices == [{"name": "English", "value": "English"}]


async def test_ephemeral_answers_are_seen_by_one_person_only(talk: Talk) -> None:
    made = await talk.alice.slash("translate", channel=talk.support, language="中文")
    assert (made.response.text, made.response.ephemeral) == ("中文", True)
    assert talk.support.shown() == []
    assert made.response.message is not None
    with pytest.raises(discord.NotFound):
        await talk.shop.channel().fetch_message(made.response.message.id)


async def test_the_apps_menu_of_a_message(talk: Talk) -> None:
    message = await talk.support.says(talk.alice, "a long message")
    made = await talk.alice.context_menu("Summarise", message)
    assert made.response.text == "short: a lon"


def test_after_three_seconds_an_interaction_is_unknown() -> None:
    async def late() -> None:
        client = a_client(guild_ready_timeout=0.5)
        tree = a_tree(client)
        async with a_shop(client) as shop:
            await tree.sync()
            seen = shop.listens("interaction")
            made = await shop.alice.slash("slow", channel=shop.support, seconds=3.5)
            assert made.response.failed and made.response.kind is None
            interaction = await seen.next()
            done = interaction.extras.setdefault("done", asyncio.Event())
            await asyncio.wait_for(done.wait(), 60)
            assert interaction.extras["code"] == 10062
            assert [call.status for call in shop.server.calls("POST", "/interactions/**")] == [404]

    run_compressed(late(), 10)


async def test_commands_in_threads(talk: Talk) -> None:
    seen = talk.shop.listens("interaction")
    thread = await talk.support.thread(talk.alice, "orders")
    made = await talk.alice.slash("ask", channel=thread, question="q")
    interaction = await seen.next()
    assert isinstance(interaction.channel, discord.Thread) and interaction.channel.name == "orders"
    assert (await made.answer()).channel is thread


class Late:
    """A client that keeps each interaction for the test to respond to."""

    @staticmethod
    async def next(talk: Talk) -> tuple[Any, Interaction]:
        seen = talk.shop.listens("interaction")
        talk.tree.interaction_check = lambda interaction: asyncio.sleep(0, False)  # type: ignore[method-assign]
        made = await talk.alice.slash("ask", channel=talk.support, question="q", wait=False)
        return made, await seen.next()


async def test_an_interaction_is_responded_to_once(talk: Talk) -> None:
    made, interaction = await Late.next(talk)
    with pytest.raises(discord.NotFound) as early:
        await interaction.followup.send("too early")
    assert early.value.code == 10015
    await interaction.response.defer(thinking=True, ephemeral=True)
    assert made.response.deferred and made.response.ephemeral
    with pytest.raises(discord.HTTPException) as twice:
        await discord.InteractionResponse(interaction).send_message("again")
    assert twice.value.code == 40060
    first = await interaction.followup.send("in place of the thinking", wait=True)
    assert (made.response.text, made.response.deferred) == ("in place of the thinking", False)
    assert made.response.message is not None and first.id == made.response.message.id
    await interaction.followup.send("second")
    assert made.response.texts() == ["in place of the thinking", "second"]
    assert (await interaction.original_response()).content == "in place of the thinking"
    await interaction.delete_original_response()
    with pytest.raises(discord.NotFound):
        await interaction.edit_original_response(content="gone")


async def test_tokens_live_for_15_minutes_of_the_loop(talk: Talk) -> None:
    made, interaction = await Late.next(talk)
    await interaction.response.send_message("there")
    made.created = loop_time() - 15 * 60 - 1
    with pytest.raises(discord.HTTPException) as expired:
        await interaction.edit_original_response(content="late")
    assert (expired.value.status, expired.value.code) == (401, 50027)


async def test_responses_keep_the_limits_of_messages(talk: Talk) -> None:
    made, interaction = await Late.next(talk)
    with pytest.raises(discord.HTTPException) as refused:
        await interaction.response.send_message("x" * 2001)
    assert refused.value.code == 50035 and made.response.kind is None
    await interaction.response.send_message("x" * 2000)
    assert len(made.response.text) == 2000
