"""The slash commands. Each says, in Parley's own form, what a person could also have written."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.channels.discord.files import Attachments
from bot.channels.discord.interactions import Interactions
from bot.channels.discord.reading import Reading
from bot.channels.discord.said import classifying, translating, writing
from bot.channels.discord.suggesting import Suggesting
from bot.channels.discord.wording import Slash, Wording

Interaction = discord.Interaction[Any]
LONGEST = 4000  # characters of an option
Words = app_commands.Range[str, 1, LONGEST]


def asking(desk: Interactions, wording: Wording, suggesting: Suggesting, reading: Reading) -> list[Slash]:
    """The commands that work on a text; everybody in the channel sees the reply."""

    @app_commands.autocomplete(question=suggesting.questions)
    async def ask(interaction: Interaction, question: Words) -> None:
        await desk.command(interaction, f"/ask {question}")

    async def chat(interaction: Interaction, text: Words) -> None:
        await desk.command(interaction, f"/chat {text}")

    @app_commands.autocomplete(language=suggesting.languages)
    async def translate(interaction: Interaction, language: app_commands.Range[str, 1, 40], text: Words) -> None:
        await desk.command(interaction, translating(language, text))

    async def sentiment(interaction: Interaction, text: Words) -> None:
        await desk.command(interaction, f"/sentiment {text}")

    async def classify(interaction: Interaction, labels: app_commands.Range[str, 1, 500], text: Words) -> None:
        await desk.command(interaction, classifying(labels, text))

    async def write(interaction: Interaction, kind: app_commands.Range[str, 1, 40], notes: Words) -> None:
        await desk.command(interaction, writing(kind, notes))

    async def summarise(
        interaction: Interaction,
        messages: app_commands.Range[int, 1, 100] | None = None,
        text: Words | None = None,
    ) -> None:
        if text is not None:
            await desk.command(interaction, f"/summarise {text}")
        else:
            await reading.summarise(interaction, messages)

    named = (ask, chat, translate, sentiment, classify, write, summarise)
    return [wording.slash(callback.__name__, callback) for callback in named]


def serving(desk: Interactions, wording: Wording, suggesting: Suggesting, files: Attachments) -> list[Slash]:
    """The commands about a person or a place; only who used one sees the reply."""

    @app_commands.autocomplete(language=suggesting.languages)
    async def language(interaction: Interaction, language: app_commands.Range[str, 1, 40] | None = None) -> None:
        await desk.command(interaction, f"/language {language or ''}".strip(), private=True)

    @app_commands.autocomplete(name=suggesting.personas)
    async def persona(interaction: Interaction, name: app_commands.Range[str, 1, 80] | None = None) -> None:
        await desk.command(interaction, f"/persona {name or ''}".strip(), private=True)

    async def forget(interaction: Interaction, everywhere: bool = False) -> None:
        await desk.command(interaction, "/forget everything" if everywhere else "/forget", private=True)

    async def export(interaction: Interaction) -> None:
        await desk.command(interaction, "/export", private=True)

    async def privacy(interaction: Interaction) -> None:
        await desk.command(interaction, "/privacy", private=True)

    @app_commands.choices(
        answer=[
            app_commands.Choice(name=wording(f"discord-answer-{way}"), value=way)
            for way in ("mention", "keyword", "always", "default")
        ]
    )
    async def settings(interaction: Interaction, answer: str | None = None) -> None:
        text = f"/settings answer {answer}" if answer else "/settings"
        await desk.command(interaction, text, private=True)

    async def help(interaction: Interaction) -> None:  # the command's name
        await desk.command(interaction, "/help", private=True)

    async def stop(interaction: Interaction) -> None:
        await desk.command(interaction, "/stop", private=True)

    async def pair(interaction: Interaction, code: app_commands.Range[str, 1, 20]) -> None:
        await desk.command(interaction, f"/pair {code}", private=True)

    async def learn(interaction: Interaction, file: discord.Attachment) -> None:
        if await desk.defer(interaction, private=True):
            fetched = await files.fetch([file]) if desk.manages(interaction) else None
            if fetched is not None and fetched.too_big:
                await desk.tell(interaction, "discord-file-too-big", most=int(files.most))
                return
            found = tuple(fetched.files) if fetched is not None else ()
            await desk.said(interaction, "/learn", private=True, files=found)

    named = (language, persona, forget, export, privacy, settings, help, stop, pair, learn)
    return [wording.slash(callback.__name__, callback) for callback in named]
