"""A bot with commands, buttons, a menu and a modal, for tests of the server itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
from discord import app_commands

from .client import a_client
from .shop import Shop, a_shop

LANGUAGES = ["English", "中文"]
Interaction = discord.Interaction[discord.Client]


class Question(discord.ui.Modal, title="Your question"):
    what: discord.ui.TextInput[Question] = discord.ui.TextInput(label="What", custom_id="what", max_length=20)

    async def on_submit(self, interaction: Interaction) -> None:
        await interaction.response.send_message(f"asked: {self.what.value}", ephemeral=True)


class Buttons(discord.ui.View):
    """Survives a restart: it has custom ids and no timeout."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Again", custom_id="again")
    async def again(self, interaction: Interaction, button: discord.ui.Button[Buttons]) -> None:
        await interaction.response.edit_message(content="again!")

    @discord.ui.button(label="Later", custom_id="later")
    async def later(self, interaction: Interaction, button: discord.ui.Button[Buttons]) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="later!")
        await interaction.followup.send("for you", ephemeral=True)

    @discord.ui.button(label="Ask", custom_id="ask")
    async def ask(self, interaction: Interaction, button: discord.ui.Button[Buttons]) -> None:
        await interaction.response.send_modal(Question())

    @discord.ui.select(
        placeholder="Language", custom_id="language", options=[discord.SelectOption(label=one) for one in LANGUAGES]
    )
    async def language(self, interaction: Interaction, select: discord.ui.Select[Buttons]) -> None:
        await interaction.response.send_message(f"You chose {select.values[0]}.", ephemeral=True)


def a_tree(client: discord.Client) -> app_commands.CommandTree[discord.Client]:
    tree: app_commands.CommandTree[discord.Client] = app_commands.CommandTree(client)

    @tree.command(description="Ask something")
    async def ask(
        interaction: Interaction, question: str, loud: bool = False, about: discord.User | None = None
    ) -> None:
        await interaction.response.defer(thinking=True)
        name = f" about {about.display_name}" if about else ""
        await interaction.edit_original_response(content=(question.upper() if loud else question) + name)

    @tree.command(description="Translate something")
    async def translate(interaction: Interaction, language: str) -> None:
        answer = await interaction.response.send_message(language, ephemeral=True)
        assert answer.message_id is not None and answer.is_ephemeral()

    @translate.autocomplete("language")
    async def languages(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
        found = [one for one in LANGUAGES if one.lower().startswith(current.lower())]
        return [app_commands.Choice(name=one, value=one) for one in found]

    @tree.command(description="Takes its time")
    async def slow(interaction: Interaction, seconds: float) -> None:
        await asyncio.sleep(seconds)
        try:
            await interaction.response.send_message("there")
        except discord.NotFound as error:
            interaction.extras["code"] = error.code
        interaction.extras.setdefault("done", asyncio.Event()).set()

    @tree.command(description="Shows buttons")
    @app_commands.default_permissions(manage_guild=True)
    async def panel(interaction: Interaction) -> None:
        await interaction.response.send_message("panel", view=Buttons())

    @tree.context_menu(name="Summarise")
    async def summarise(interaction: Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"short: {message.content[:5]}")

    return tree


class Talk:
    """A shop whose bot has commands."""

    def __init__(self, shop: Shop, tree: app_commands.CommandTree[discord.Client]) -> None:
        self.shop, self.tree, self.support, self.alice = shop, tree, shop.support, shop.alice


@asynccontextmanager
async def a_talk() -> AsyncIterator[Talk]:
    client = a_client()
    tree = a_tree(client)
    async with a_shop(client) as shop:
        await tree.sync()
        yield Talk(shop, tree)
