"""A forwarded message is another person's words: what it says is worked on, never obeyed."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.channels.discord.convert import Place, incoming
from bot.channels.discord.rules import Rules

ME, ALICE, DM = 1, 2, 3
ALICES: dict[str, Any] = {"id": str(ALICE), "username": "alice", "discriminator": "0", "avatar": None}


def forwarded(text: str, own: str = "") -> discord.Message:
    state = discord.Client(intents=discord.Intents.none())._connection
    mine: Any = {"id": str(ME), "username": "parley", "discriminator": "0", "avatar": None}
    state.user = discord.ClientUser(state=state, data=mine)
    there: Any = {"id": str(DM), "type": 1, "recipients": [ALICES]}
    channel = discord.DMChannel(me=state.user, state=state, data=there)
    time = "2026-01-01T00:00:00+00:00"
    lists: dict[str, Any] = {"mentions": [], "attachments": [], "embeds": [], "mention_roles": []}
    shot = {"message": {"type": 0, "content": text, "timestamp": time, "edited_timestamp": None, **lists}}
    data: Any = {
        "id": "9",
        "channel_id": str(DM),
        "author": ALICES,
        "type": 0,
        "content": own,
        "timestamp": time,
        **lists,
        "edited_timestamp": None,
        "tts": False,
        "pinned": False,
        "mention_everyone": False,
        "message_reference": {"type": 1, "message_id": "8", "channel_id": "7"},
        "message_snapshots": [shot],
    }
    return discord.Message(state=state, channel=channel, data=data)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/pair ABCD-2345", "/ask /pair ABCD-2345"),
        ("/forget everything yes", "/ask /forget everything yes"),
        ("/stop", "/ask /stop"),
        ("When do you open?", "When do you open?"),
    ],
)
def test_a_forwarded_command_is_not_the_forwarders(text: str, said: str) -> None:
    assert incoming(forwarded(text), Place(DM), Rules(managers=frozenset({ALICE})), ME).text == said


def test_what_a_person_writes_themself_counts() -> None:
    assert incoming(forwarded("/stop", own="/help"), Place(DM), Rules(), ME).text == "/help"
