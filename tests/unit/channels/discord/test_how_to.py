"""What the how-to says is what the code does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import discord
import pytest

from bot.channels.discord import errors
from bot.channels.discord.client import intents_for
from bot.settings.channels import DiscordSettings

HOW_TO = (Path(__file__).parents[4] / "docs/how-to/discord.md").read_text("utf-8")


@pytest.mark.parametrize(
    "sentence",
    [errors.WRONG_TOKEN, errors.MISSING_INTENT, errors.SHARDING, errors.OUTDATED],
    ids=lambda text: text[:40],
)
def test_every_refusal_is_explained(sentence: str) -> None:
    assert f"| {sentence.partition('. ')[0]}. |" in HOW_TO


def test_every_example_of_settings_is_taken_and_every_named_one_exists() -> None:
    for example in re.findall(r"```toml\n(.*?)```", HOW_TO, re.DOTALL):
        DiscordSettings.model_validate(tomllib.loads(example)["discord"])
    named = re.findall(r"`discord\.([a-z_]+)", HOW_TO)
    assert len(named) > 3 and set(named) <= set(DiscordSettings.model_fields)


def test_the_permissions_of_the_invitation_are_those_of_the_table() -> None:
    wanted = discord.Permissions(
        view_channel=True,
        send_messages=True,
        send_messages_in_threads=True,
        create_public_threads=True,
        embed_links=True,
        attach_files=True,
        read_message_history=True,
    )
    assert f"**{wanted.value}**" in HOW_TO


def test_no_intent_is_asked_for_but_those_of_the_table() -> None:
    on = {name for name, value in intents_for(True) if value}
    messages, reactions = {"guild_messages", "dm_messages"}, {"guild_reactions", "dm_reactions"}
    assert on - {"messages", "reactions"} == {"guilds", "message_content"} | messages | reactions
    assert not intents_for(False).message_content
