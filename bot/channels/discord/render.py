"""From what is to be shown to Discord's messages."""

from __future__ import annotations

from collections.abc import Mapping

from bot.channels.discord.body import Body
from bot.channels.discord.components import components
from bot.channels.discord.embeds import sources
from bot.channels.discord.markup import convert, with_commands
from bot.channels.discord.split import split
from bot.delivery.ports import Part, Shown
from bot.ports import Texts


def parts_of(shown: Shown, texts: Texts, commands: Mapping[str, int]) -> list[Part]:
    """The parts of a reply; buttons and citations stand under the last one. Blank text gives none."""
    pieces = _finished(shown, commands) if shown.finished else split(convert(shown.text))
    bodies = [Body(piece, private=shown.private) for piece in pieces]
    if bodies:
        bodies[-1] = Body(
            bodies[-1].content,
            sources(shown.citations, texts, shown.language, shown.text) if shown.finished else (),
            components(shown.buttons, texts("discord-choose", shown.language)),
            shown.private,
        )
    return [Part(position, body.digest, body) for position, body in enumerate(bodies)]


def _finished(shown: Shown, commands: Mapping[str, int]) -> list[str]:
    small = "\n".join(f"-# {line}" for line in shown.notice.splitlines() if line.strip())
    text = convert(shown.text)
    if not shown.citations:  # a document's `/settings` is not ours
        text = with_commands(text, commands)
    return split(f"{text.rstrip()}\n\n{small}" if small else text)
