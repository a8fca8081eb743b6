"""A message as a person reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .basics import Json

if TYPE_CHECKING:
    from .messages import Message


@dataclass(frozen=True)
class Shown:
    """What is on the screen; `reply_to` is the text replied to, `thinking` the sign that a bot is at it."""

    author: str
    text: str
    embeds: tuple[Json, ...] = ()
    buttons: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    edited: bool = False
    reply_to: str | None = None
    thinking: bool = False


def shown(message: Message) -> Shown:
    reference = message.reference
    return Shown(
        author=message.author.name,
        text=message.content,
        embeds=tuple(message.embeds),
        buttons=tuple(message.buttons),
        files=tuple(attachment.filename for attachment in message.attachments),
        edited=message.edited_at is not None,
        reply_to=reference.content if reference is not None and not reference.deleted else None,
        thinking=message.loading,
    )
