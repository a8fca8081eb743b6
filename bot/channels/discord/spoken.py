"""From interactions to Parley's own values: what a command, menu or button says, and where responses go. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord

from bot.channels.discord.convert import Place, address_of, conversation_id, roles_of, user_of
from bot.channels.discord.rules import Rules
from bot.domain import File, Incoming, Origin
from bot.domain.text import clean

MOST_TRANSCRIPT = 16_000  # characters of a channel that is to be summarised


def spoken_by(
    interaction: discord.Interaction[Any],
    place: Place,
    text: str,
    rules: Rules,
    me: int,
    quoted: str = "",
    quoted_ours: bool = False,
    files: tuple[File, ...] = (),
    private: bool = False,
) -> Incoming:
    """A slash command, or a choice from the Apps menu, as the words that do the same in any channel."""
    origin = origin_of(interaction, place, rules, private)
    origin = replace(origin, quoted=clean(quoted)[:MOST_TRANSCRIPT], quoted_ours=quoted_ours, files=files)
    update = f"interaction:{interaction.id}"
    return Incoming(user_of(interaction.user), conversation_id(me, place.channel), text, update, origin, str(me))


def origin_of(interaction: discord.Interaction[Any], place: Place, rules: Rules, private: bool) -> Origin:
    """Where the responses to an interaction go. The message whose button was pressed is the first of them."""
    message = interaction.message
    ticket: dict[str, str | int] = {
        "interaction": interaction.id,
        "application": interaction.application_id,
        "token": interaction.token,
        "user": interaction.user.id,
        "pressed": message.id if message is not None else 0,
        "private": int(private or (message is not None and message.flags.ephemeral)),
    }
    return Origin(
        address={**address_of(place), **{key: value for key, value in ticket.items() if value}},
        locale=interaction.locale.value.partition("-")[0],
        group=place.group,
        admin=rules.is_manager(interaction.user.id, roles_of(interaction.user)),
    )
