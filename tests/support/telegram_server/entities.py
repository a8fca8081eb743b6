"""Entities of a text, whose offsets and lengths count UTF-16 units."""

from __future__ import annotations

import re
from typing import Any

from telegram.constants import MessageEntityType

from tests.support.telegram_server.errors import bad_request

Entity = dict[str, Any]

MOST_ENTITIES = 100
KINDS = frozenset(kind.value for kind in MessageEntityType)
# What Telegram finds by itself in a person's text.
_FOUND = {
    "bot_command": re.compile(r"(?<![\w/@])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?\b"),
    "mention": re.compile(r"(?<![\w/@])@[A-Za-z][A-Za-z0-9_]{3,31}\b"),
    "url": re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]"),
}


def units(text: str) -> int:
    """How many UTF-16 units the text takes."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, entity: Entity) -> str:
    """What the entity covers."""
    raw = text.encode("utf-16-le")
    start = entity["offset"] * 2
    return raw[start : start + entity["length"] * 2].decode("utf-16-le")


def marked_up(text: str) -> tuple[str, list[Entity]]:
    """What a person wrote, trimmed, with its commands, mentions and addresses, as Telegram marks them."""
    text = text.strip()
    found: list[Entity] = []
    for kind, pattern in _FOUND.items():
        for match in pattern.finditer(text):
            found.append({"type": kind, "offset": units(text[: match.start()]), "length": units(match.group())})
    found.sort(key=lambda entity: int(entity["offset"]))
    return text, found


def _boundaries(text: str) -> set[int]:
    """The offsets at which a symbol begins or the text ends: every unit but the second half of a pair."""
    places, at = {0}, 0
    for symbol in text:
        at += 2 if ord(symbol) > 0xFFFF else 1
        places.add(at)
    return places


def _check(entity: Any, end: int, places: set[int]) -> None:
    if not isinstance(entity, dict) or entity.get("type") not in KINDS:
        raise bad_request("can't parse entities: unsupported type of a MessageEntity")
    offset, length = entity.get("offset"), entity.get("length")
    if not isinstance(offset, int) or offset < 0:
        raise bad_request(f"receive an entity with incorrect offset {offset}")
    if not isinstance(length, int) or length < 0:
        raise bad_request("receive an entity with incorrect length")
    if offset > end:
        raise bad_request(f"entity begins after the end of the text at UTF-16 offset {offset}")
    if offset not in places:
        raise bad_request(f"entity begins in a middle of a UTF-16 symbol at UTF-16 offset {offset}")
    if offset + length > end:
        raise bad_request(
            f"entity beginning at UTF-16 offset {offset} ends after the end of the text"
            f" at UTF-16 offset {offset + length}"
        )
    if offset + length not in places:
        raise bad_request(
            f"entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol"
            f" at UTF-16 offset {offset + length}"
        )
    if entity["type"] == "text_link" and not entity.get("url"):
        raise bad_request("can't parse entities: text_link without url")


def _trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Without white space at both ends; at the start only as far as the first entity, as Telegram does."""
    text = text.rstrip()
    first = min((entity["offset"] for entity in entities), default=units(text))
    lead = min(units(text) - units(text.lstrip()), first)  # white space takes one unit each
    text = text[lead:]
    end, kept = units(text), []
    for entity in entities:
        offset = entity["offset"] - lead
        length = min(entity["length"], end - offset)
        if length > 0:
            kept.append({**entity, "offset": offset, "length": length})
    return text, kept


def accepted(text: str, entities: list[Any] | None) -> tuple[str, list[Entity]]:
    """Text and entities as a message keeps them: checked, trimmed, in order.

    Raises:
        ApiError: 400 where an entity lies outside of the text, splits a symbol, or is of no known type.
    """
    given = entities or []
    places, end = _boundaries(text), units(text)
    for entity in given:
        _check(entity, end, places)
    text, kept = _trimmed(text, given)
    kept.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return text, kept[:MOST_ENTITIES]
