"""Secrets of the settings: given as they are, or in a file of their own."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote, urlsplit

from bot.errors import SettingsError
from bot.settings.channels import DiscordSettings, TelegramSettings

# Telegram says nothing of the length: 35 characters today. Its test servers want /test after the token.
_TELEGRAM_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}(?:/test)?")


def read_secret(value: str, file: Path | None, name: str) -> str:
    """The secret itself, or the content of its file; empty where neither is set. Raises SettingsError.

    `name` is the setting's, for the error: "telegram.token".
    """
    if value:
        return value.strip()
    if file is None:
        return ""
    try:
        content = file.read_text(encoding="utf-8-sig").strip()
    except OSError as error:
        raise SettingsError(f"{name}_file is {file}, which cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{name}_file is {file}, which is not a text file.") from None
    if not content or len(content.split()) > 1:
        raise SettingsError(f"{name}_file is {file}; it must hold the secret in one line and nothing else.")
    return content


def read_token(channel: TelegramSettings | DiscordSettings, name: str) -> str:
    """The token of a channel's bot, empty where there is none. Raises SettingsError, which does not show it."""
    token = read_secret(channel.token, channel.token_file, f"{name}.token")
    if token and isinstance(channel, TelegramSettings) and not _TELEGRAM_TOKEN.fullmatch(token):
        place = "telegram.token" if channel.token else f"{channel.token_file} (telegram.token_file)"
        raise SettingsError(
            f"{place} holds no bot's token: that is digits, a colon and about 35 of A-Z, a-z, 0-9, _ and -. "
            "Take it from @BotFather in Telegram (/mybots, API Token) and set PARLEY_TELEGRAM__TOKEN to it."
        )
    return token


def with_password(url: str, password: str) -> str:
    """A database's URL with the password in it, unless it has one already or needs none."""
    parts = urlsplit(url)
    if not password or parts.password is not None or parts.scheme.startswith("sqlite"):
        return url
    user, _, place = parts.netloc.rpartition("@")
    return url.replace(f"://{parts.netloc}", f"://{user}:{quote(password, safe='')}@{place}", 1)
