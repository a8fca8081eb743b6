"""Secrets of the settings: given as they are, or in a file of their own."""

from __future__ import annotations

from pathlib import Path

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
