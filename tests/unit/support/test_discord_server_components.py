"""The Discord server for tests: buttons, select menus and modals."""

from __future__ import annotations

from collections.abc import AsyncIterator

import discord
import pytest

from tests.support.discord_server import DiscordServer, Message, Permission
from tests.support.discord_server.client import a_client, connected
from tests.support.discord_server.shop import TOKEN, Shop
from tests.support.discord_server.talk import Buttons, Interaction, Talk, a_talk, a_tree


@pytest.fixture
async def talk() -> AsyncIterator[Talk]:
    async with a_talk() as made:
        yield made


async def _panel(talk: Talk) -> Message:
    talk.shop.guild.joins(talk.alice, roles=[talk.shop.guild.role("manager", Permission.MANAGE_GUILD)])
    message = (await talk.alice.slash("panel", channel=talk.support)).response.message
    assert message is not None
    return message


async def test_buttons_change_their_message_at_once_or_later(talk: Talk) -> None:
    message = await _panel(talk)
    assert message.buttons == ["Again", "Later", "Ask"]
    await talk.alice.presses(message, "Again")
    assert (message.text, message.versions) == ("again!", ["panel", "again!"])
    made = await talk.alice.presses(message, "Later")
    await talk.shop.server.until(lambda: made.response.followups)
    assert (message.text, [one.text for one in made.response.followups]) == ("later!", ["for you"])
    assert made.response.followups[0].visible_to is talk.alice
    with pytest.raises(AssertionError, match="no button"):
        await talk.alice.presses(message, "Never")


async def test_persistent_views_work_for_messages_of_an_earlier_run() -> None:
    async with DiscordServer(TOKEN, identify_interval=0, settle=0.02) as server:
        client = a_client()
        tree = a_tree(client)
        shop = Shop(server, client)
        shop.guild.joins(shop.alice, roles=[shop.guild.role("manager", Permission.MANAGE_GUILD)])
        async with connected(client, server, TOKEN):
            await tree.sync()
            message = (await shop.alice.slash("panel", channel=shop.support)).response.message
            assert message is not None
        second = a_client()
        async with connected(second, server, TOKEN):
            second.add_view(Buttons())
            await shop.alice.presses(message, "Again")
        assert message.text == "again!"


async def test_select_menus(talk: Talk) -> None:
    message = await _panel(talk)
    made = await talk.alice.selects(message, "中文")
    assert made.response.text == "You chose 中文."
    with pytest.raises(AssertionError, match="no option"):
        await talk.alice.selects(message, "Latin")


async def test_menus_of_people_and_channels(talk: Talk) -> None:
    chosen: list[list[str]] = []
    view = discord.ui.View()
    people: discord.ui.UserSelect[discord.ui.View] = discord.ui.UserSelect(placeholder="Who", max_values=2)
    places: discord.ui.ChannelSelect[discord.ui.View] = discord.ui.ChannelSelect(placeholder="Where")

    async def chose(interaction: Interaction) -> None:
        chosen.append([str(one) for one in [*people.values, *places.values]])
        await interaction.response.defer()

    people.callback = places.callback = chose  # type: ignore[method-assign]
    view.add_item(people).add_item(places)
    await talk.shop.channel().send("pick", view=view)
    message = talk.shop.last()
    await talk.alice.selects(message, talk.alice, talk.shop.bob, menu="Who")
    await talk.alice.selects(message, talk.support, menu="Where")
    assert chosen == [["alice", "bob"], ["alice", "bob", "support"]]
    with pytest.raises(AssertionError, match="takes 1 to 1"):
        await talk.alice.selects(message, talk.support, talk.support, menu="Where")


async def test_modals(talk: Talk) -> None:
    made = await talk.alice.presses(await _panel(talk), "Ask")
    assert made.response.modal is not None and made.response.modal["title"] == "Your question"
    sent = await made.submits({"What": "hours?"})
    assert (sent.response.text, sent.response.ephemeral) == ("asked: hours?", True)
    with pytest.raises(AssertionError, match="less text"):
        await made.submits({"What": "x" * 21})
