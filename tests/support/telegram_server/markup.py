"""``parse_mode=HTML``: tags to entities, with the refusals that broken markup meets."""

from __future__ import annotations

import re
from html import unescape

from tests.support.telegram_server.entities import Entity, units
from tests.support.telegram_server.errors import ApiError, bad_request

_TAG = re.compile(r"<(?P<close>/?)(?P<name>[a-zA-Z-]*)(?P<rest>[^>]*)>")
_HREF = re.compile(r"""href\s*=\s*["']([^"']*)["']""")
_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
}


def _refuse(reason: str) -> ApiError:
    return bad_request(f"can't parse entities: {reason}")


def _opened(name: str, rest: str, at: int) -> Entity:
    if name not in _KINDS:
        raise _refuse(f'Unsupported start tag "{name}" at byte offset {at}')
    entity: Entity = {"type": _KINDS[name]}
    if name == "a":
        href = _HREF.search(rest)
        entity["url"] = unescape(href.group(1)) if href else ""
    if name == "blockquote" and "expandable" in rest:
        entity["type"] = "expandable_blockquote"
    return entity


def parsed(source: str) -> tuple[str, list[Entity]]:
    """Text and entities of HTML.

    Raises:
        ApiError: 400 "can't parse entities: …" for an unknown, unclosed or stray tag.
    """
    text, at = "", 0
    open_tags: list[tuple[str, Entity]] = []
    entities: list[Entity] = []
    for tag in _TAG.finditer(source):
        text += _plain(source[at : tag.start()], at)
        at, name = tag.end(), tag["name"].lower()
        byte = len(source[: tag.start()].encode())
        if not tag["close"]:
            entity = _opened(name, tag["rest"], byte)
            entity["offset"] = units(text)
            open_tags.append((name, entity))
            continue
        if not open_tags:
            raise _refuse(f"Unexpected end tag at byte offset {byte}")
        expected, entity = open_tags.pop()
        if name and name != expected:
            raise _refuse(f'Unmatched end tag at byte offset {byte}, expected "</{expected}>", found "</{name}>"')
        entity["length"] = units(text) - entity["offset"]
        if entity["length"] and entity.get("url") != "":
            entities.append(entity)
    text += _plain(source[at:], at)
    if open_tags:
        raise _refuse(f'Can\'t find end tag corresponding to start tag "{open_tags[-1][0]}"')
    return text, entities


def _plain(piece: str, at: int) -> str:
    if "<" in piece:
        raise _refuse(f"Unclosed start tag at byte offset {at + piece.index('<')}")
    return unescape(piece)
