"""Keeps secrets out of what people read: logs, error texts, listings of the settings."""

from __future__ import annotations

import re

MASK = "***"

_SECRET_WORDS = ("token", "password", "passwd", "secret", "key")

# user:password@ in a URL. The password ends at the last @ before the path, so that one in it is masked as well.
_URL_PASSWORD = re.compile(r"(?P<head>[A-Za-z][\w+.-]*://[^\s:/@]*:)[^\s/]*(?=@)")
_TELEGRAM_TOKEN = re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}")
_DISCORD_TOKEN = re.compile(r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}")
_DISCORD_WEBHOOK = re.compile(r"(?P<head>/(?:webhooks|interactions)/\d+/)[\w-]{20,}")
_BEARER = re.compile(r"(?i)\b(bearer|bot)\s+[A-Za-z0-9._~+/=-]{16,}")


def is_secret_name(name: str) -> bool:
    """Whether a setting of that name holds a secret; `max_new_tokens` counts tokens and does not."""
    words = re.split(r"[._\W]+", name.lower())
    return any(word in _SECRET_WORDS for word in words)


def mask(text: str) -> str:
    """Replace bot tokens, those of webhooks and interactions, bearer tokens and passwords in URLs by `***`."""
    text = _URL_PASSWORD.sub(rf"\g<head>{MASK}", text)
    text = _TELEGRAM_TOKEN.sub(MASK, text)
    text = _DISCORD_TOKEN.sub(MASK, text)
    text = _DISCORD_WEBHOOK.sub(rf"\g<head>{MASK}", text)
    return _BEARER.sub(rf"\1 {MASK}", text)


def show(name: str, value: object, limit: int = 80) -> str:
    """A setting's value for a person: quoted, shortened to `limit` characters, and masked where it is a secret."""
    if is_secret_name(name):
        return MASK
    shown = mask(repr(value))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
