"""From what is to stand in the chat to Telegram's messages. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageEntity

from bot.channels.markup.units import utf16
from bot.channels.telegram import markup
from bot.channels.telegram.markup import LIMIT, Rendered
from bot.channels.telegram.sources import quotation, with_citations
from bot.channels.telegram.split import split
from bot.delivery.ports import Button, Part, Shown
from bot.ports import Texts


@dataclass(frozen=True, slots=True)
class Payload:
    """One message. `closing`: it is the last one of a finished reply."""

    text: str
    entities: tuple[MessageEntity, ...]
    buttons: InlineKeyboardMarkup | None
    closing: bool = False


def parts_of(shown: Shown, texts: Texts) -> list[Part]:
    """The messages of a reply: its text, the remark, the sources, and the buttons under the last one."""
    rendered = markup.render(shown.text)
    if shown.notice:
        rendered = _with_notice(rendered, shown.notice)
    pieces = split(rendered) if rendered.text else []
    if shown.citations:
        block = quotation(shown.citations, texts, shown.language, LIMIT, shown.text)
        pieces = with_citations(pieces, block)
    keyboard = _keyboard(shown.buttons)
    last = len(pieces) - 1
    return [
        _part(position, piece, keyboard if position == last else None, shown.finished and position == last)
        for position, piece in enumerate(pieces)
    ]


def _with_notice(rendered: Rendered, notice: str) -> Rendered:
    before = f"{rendered.text}\n\n" if rendered.text else ""
    entity = MessageEntity(MessageEntity.ITALIC, utf16(before), utf16(notice))
    return Rendered(before + notice, (*rendered.entities, entity))


def _keyboard(rows: Sequence[Sequence[Button]]) -> InlineKeyboardMarkup | None:
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(button.label, callback_data=button.action) for button in row] for row in rows]
    )


def _part(position: int, piece: Rendered, keyboard: InlineKeyboardMarkup | None, closing: bool) -> Part:
    labels = keyboard.to_json() if keyboard is not None else ""
    digest = hashlib.blake2s(f"{piece.digest}\n{labels}".encode(), digest_size=16).hexdigest()
    return Part(position, digest, Payload(piece.text, piece.entities, keyboard, closing))
