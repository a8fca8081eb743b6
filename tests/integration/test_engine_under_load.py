"""Telegram and Discord at once, all their texts written by one engine in this process, several in one batch."""

from __future__ import annotations

import asyncio
from pathlib import Path

from benchmarks.channels.load import DISCORD_TOKEN
from benchmarks.channels.wiring import Office
from bot.dialogue.skill_book import SkillBook
from tests.integration.conftest import TinyModels
from tests.support.discord_server import DiscordServer
from tests.support.telegram_server import TOKEN, TelegramServer

EACH = 4  # people on each platform
GROWING = {"sendMessageDraft", "editMessageText", "sendMessage"}
TOKENS = 700  # which takes a tiny model a few seconds, eight at once


async def test_both_platforms_show_how_eight_texts_of_one_batch_grow(tiny_models: TinyModels, tmp_path: Path) -> None:
    chat = next(skill for skill in SkillBook.installed() if skill.name == "chat")
    environment = {
        "PARLEY_MODELS__EMBEDDER": str(tiny_models.embedder),
        "PARLEY_MODELS__GENERATOR": str(tiny_models.generator),
        "PARLEY_MODELS__THREADS": "1",
        "PARLEY_MODELS__MAX_NEW_TOKENS": str(TOKENS),
    }
    office = Office(tmp_path, chat, environment)
    async with TelegramServer() as telegram, DiscordServer(DISCORD_TOKEN) as discord:
        async with office.open(telegram, TOKEN, discord, DISCORD_TOKEN):
            people = [telegram.person(f"T{number}") for number in range(EACH)]
            friends = [discord.person(f"D{number}") for number in range(EACH)]
            guild = discord.guild("Shop")
            for friend in friends:
                guild.joins(friend)
            await asyncio.gather(
                *(person.private_chat().says(person, "the quick brown fox") for person in people),
                *(friend.dm().says(friend, "the lazy dog sleeps") for friend in friends),
            )
            for place in [*(person.private_chat() for person in people), *(friend.dm() for friend in friends)]:
                while all(message.author != "Parley" for message in place.shown()):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await office.settled(0.0)
        grown = [
            [call.at for call in telegram.calls(chat_id=person.private_chat().id) if call.method in GROWING]
            for person in people
        ]
        assert all(len(times) > 1 for times in grown)
        assert max(times[0] for times in grown) < min(times[-1] for times in grown)  # all at once
        edited = [
            call.path.partition("/channels/")[2].partition("/")[0]
            for call in discord.calls("PATCH", "/channels/*/messages/*")
        ]
        assert len(set(edited)) == EACH
        answers = [
            *("".join(m.text for m in person.private_chat().shown() if m.author == "Parley") for person in people),
            *("".join(m.text for m in friend.dm().shown() if m.author == "Parley") for friend in friends),
        ]
        assert all(len(answer) > TOKENS for answer in answers)
