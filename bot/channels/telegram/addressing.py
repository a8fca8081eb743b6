"""Whether a message in a group is meant for Parley. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from telegram import Message
from telegram.constants import MessageEntityType

from bot.channels.telegram import convert
from bot.channels.telegram.convert import Me, Place
from bot.settings.channels import TelegramSettings

# Without a name after it, a command in a group may be another bot's; these are surely ours.
COMMANDS = frozenset(
    {
        *("start", "help", "ask", "answer", "chat", "translate", "sentiment", "summarise", "summarize", "classify"),
        *("write", "language", "persona", "forget", "export", "privacy", "settings", "learn", "pair", "stop"),
    }
)
_COMMAND = re.compile(r"/(?P<name>[A-Za-z_][\w-]*)(?:@(?P<bot>\w+))?")


@dataclass(frozen=True, slots=True)
class Addressed:
    """How a message speaks to Parley. `text` is without its mention and the name after a command. `surely`: it does;
    `never`: it speaks to another bot. In between, the group's setting decides.
    """

    text: str
    surely: bool = False
    never: bool = False


def addressed(message: Message, where: Place, me: Me) -> Addressed:
    """Read how a message speaks to us."""
    text, entities = convert.said(message)
    text, mentioned = convert.without_mentions(text, entities, me)
    command = _command(text, message, mentioned)
    if command is not None:
        name, bot = command["name"], command["bot"]
        ours = bot is not None and bot.casefold() == me.username.casefold()
        if ours:
            text = f"/{name}{text[command.end() :]}"
        if where.group and not mentioned and not ours:
            known = bot is None and name.lower() in COMMANDS
            return Addressed(text, surely=known, never=not known)
    replied = convert.quoted(message, me).ours
    return Addressed(text, surely=not where.group or mentioned or replied or command is not None)


def _command(text: str, message: Message, mentioned: bool) -> re.Match[str] | None:
    """A command at the beginning, as Telegram marks it; after a mention it stands where Telegram marks nothing."""
    marked = any(
        entity.type == MessageEntityType.BOT_COMMAND and entity.offset == 0 for entity in convert.said(message)[1]
    )
    return _COMMAND.match(text) if marked or mentioned else None


def wanted(found: Addressed, where: Place, settings: TelegramSettings, answer: str | None) -> bool:
    """Whether to answer. `answer` is what was set for the group itself, None where nothing was."""
    if found.never:
        return False
    if found.surely or where.topic in settings.topics:
        return True
    mode = answer if answer in {"mention", "keyword", "always"} else settings.answer
    if mode == "always":
        return bool(found.text.strip())
    return mode == "keyword" and _has_keyword(found.text, tuple(settings.keywords))


def _has_keyword(text: str, keywords: Sequence[str]) -> bool:
    pattern = _keywords(tuple(keywords))
    return pattern is not None and pattern.search(text) is not None


@lru_cache(maxsize=16)
def _keywords(words: tuple[str, ...]) -> re.Pattern[str] | None:
    """Latin words count as whole words; Chinese is written without spaces, so a part of the text is enough."""
    parts = [rf"(?<!\w){re.escape(word)}(?!\w)" if word.isascii() else re.escape(word) for word in words if word]
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None
