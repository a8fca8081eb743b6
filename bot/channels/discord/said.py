"""Options of a command as the words that say the same in any channel. Pure."""

from __future__ import annotations

import re

from bot.skills.wording import language_code

_COLON = re.compile(r"\s*[:：]\s*")


def translating(language: str, text: str) -> str:
    """The language stands as one word before the text: by its code, or as it is, where nobody knows it.

    >>> translating("Scottish Gaelic", "tea"), translating("German (Deutsch)", "tea"), translating("no such", "tea")
    ('/translate gd tea', '/translate de tea', '/translate no-such tea')
    """
    code = language_code(language) or language_code(language.partition("(")[0])
    return f"/translate {code or '-'.join(language.split())} {text}"


def classifying(labels: str, text: str) -> str:
    """The first colon ends the labels: those in them are taken out."""
    return f"/classify {_COLON.sub(' ', labels)}: {text}"


def writing(kind: str, notes: str) -> str:
    """As with labels."""
    return f"/write {_COLON.sub(' ', kind)}: {notes}"
