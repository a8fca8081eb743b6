"""The Discord server for tests: how application commands are kept and given back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.http import Route

from tests.support.discord_server.shop import Shop, a_shop

Interaction = discord.Interaction[discord.Client]
ASK: dict[str, Any] = {
    "name": "ask",
    "type": 1,
    "description": "Ask something",
    "name_localizations": {"zh-CN": "问"},
    "options": [{"type": 3, "name": "question", "description": "What", "required": False, "choices": []}],
}


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with a_shop() as made:
        yield made


def _commands(shop: Shop, method: str, path: str = "", **more: Any) -> Any:
    route = Route(method, "/applications/{application_id}/commands" + path, application_id=shop.server.bot.id)
    return shop.client.http.request(route, **more)


async def test_commands_are_given_back_with_ids_and_defaults(shop: Shop) -> None:
    (kept,) = await _commands(shop, "PUT", json=[ASK])
    assert kept["application_id"] == str(shop.server.bot.id) and kept["id"].isdecimal()
    assert kept["options"] == [{"type": 3, "name": "question", "description": "What"}]
    assert (kept["dm_permission"], kept["contexts"], kept["default_member_permissions"]) == (True, None, None)
    (again,) = await _commands(shop, "PUT", json=[ASK])
    assert again == kept
    (changed,) = await _commands(shop, "PUT", json=[ASK | {"description": "New"}])
    assert changed["id"] == kept["id"] and changed["version"] != kept["version"]


async def test_localisations_are_listed_only_when_asked_for(shop: Shop) -> None:
    await _commands(shop, "PUT", json=[ASK])
    (short,) = await _commands(shop, "GET")
    assert "name_localizations" not in short
    (full,) = await _commands(shop, "GET", params={"with_localizations": "true"})
    assert full["name_localizations"] == {"zh-CN": "问"}


async def test_single_commands_are_added_changed_and_taken_away(shop: Shop) -> None:
    kept = await _commands(shop, "POST", json=ASK)
    same = await _commands(shop, "POST", json=ASK)
    assert [call.status for call in shop.server.calls("POST", "/applications/*/commands")] == [201, 200]
    assert same["id"] == kept["id"]
    path = f"/{kept['id']}"
    assert (await _commands(shop, "PATCH", path, json={"description": "Other"}))["description"] == "Other"
    assert (await _commands(shop, "GET", path))["description"] == "Other"
    await _commands(shop, "DELETE", path)
    with pytest.raises(discord.NotFound) as gone:
        await _commands(shop, "GET", path)
    assert gone.value.code == 10063


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Ask"},
        {"name": "a b"},
        {"name": "a" * 33},
        {"description": ""},
        {"description": "d" * 101},
        {"type": 3},
        {"options": [{"type": 3, "name": "o", "description": "d", "choices": [{"name": "n", "value": "v"}] * 26}]},
        {
            "options": [
                {"type": 3, "name": "a", "description": "d"},
                {"type": 3, "name": "b", "description": "d", "required": True},
            ]
        },
    ],
)
async def test_wrong_commands_are_refused(shop: Shop, wrong: dict[str, Any]) -> None:
    with pytest.raises(discord.HTTPException) as refused:
        await _commands(shop, "PUT", json=[ASK | wrong])
    assert refused.value.code == 50035
    assert await _commands(shop, "GET") == []


async def test_commands_of_a_guild_are_its_own_and_groups_work(shop: Shop) -> None:
    tree: app_commands.CommandTree[discord.Client] = app_commands.CommandTree(shop.client)
    group = app_commands.Group(name="learn", description="Teach")

    @group.command(description="A file")
    async def file(interaction: Interaction, document: discord.Attachment, into: discord.TextChannel) -> None:
        text = (await document.read()).decode()
        await interaction.response.send_message(f"{document.filename}: {text} in {into.name}")

    tree.add_command(group, guild=discord.Object(shop.guild.id))
    synced = await tree.sync(guild=discord.Object(shop.guild.id))
    assert [one.guild_id for one in synced] == [shop.guild.id]
    assert await tree.fetch_commands() == []
    made = await shop.alice.slash("learn file", channel=shop.support, document=("a.md", b"text"), into=shop.support)
    assert made.response.text == "a.md: text in support"
    with pytest.raises(AssertionError, match="no command"):
        await shop.alice.slash("learn file", channel=shop.alice.dm(), document=("a.md", b"text"))


async def test_other_applications_are_not_ours(shop: Shop) -> None:
    with pytest.raises(discord.Forbidden):
        await shop.client.http.get_global_commands(12345)
