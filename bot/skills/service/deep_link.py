"""Which document a deep link names. Telegram lets a link carry letters, digits, `_` and `-` only."""

from __future__ import annotations

import re

from bot.ports import Document, Library

_LANGUAGE_ENDING = re.compile(r"[._-](?:en|zh)$")
_ENDINGS = (".", "-", "_")


async def linked_document(name: str, language: str, library: Library) -> Document | None:
    """The document of that id, in the person's language if there is one: `returns` also finds `returns.zh`."""
    found: Document | None = None
    for candidate in candidates(name, language):
        document = await library.entry(candidate)
        if document is not None and document.language == language:
            return document
        found = found or document
    return found


def candidates(name: str, language: str) -> list[str]:
    """Ids to try, in order: the one that is named, then the same in the person's language, then in others.

    >>> candidates("returns_en", "zh")[:4]
    ['returns_en', 'returns.zh', 'returns-zh', 'returns_zh']
    """
    if not name or len(name) > 64:
        return []
    base = _LANGUAGE_ENDING.sub("", name)
    languages = dict.fromkeys((language, "en", "zh"))
    return list(dict.fromkeys([name, *(f"{base}{mark}{code}" for code in languages for mark in _ENDINGS), base]))
