"""Secrets of the settings: given as they are, or in a file of their own."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit

from bot.errors import SettingsError


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


def with_password(url: str, password: str) -> str:
    """A database's URL with the password in it, unless it has one already or needs none."""
    parts = urlsplit(url)
    if not password or parts.password is not None or parts.scheme.startswith("sqlite"):
        return url
    user, _, place = parts.netloc.rpartition("@")
    return url.replace(f"://{parts.netloc}", f"://{user}:{quote(password, safe='')}@{place}", 1)
