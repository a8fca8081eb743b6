"""Ids, times, permissions and errors as Discord has them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntFlag
from typing import Any

Json = dict[str, Any]
EPOCH_MS = 1_420_070_400_000


class Permission(IntFlag):
    """The permissions that the server enforces; others may be given as numbers."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38


ALL_PERMISSIONS = (1 << 53) - 1
# What @everyone has in a new Discord server, as far as it matters here.
EVERYONE = int(
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CREATE_PRIVATE_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
)


@dataclass
class ApiError(Exception):
    """An error that a REST call is answered with: HTTP status, Discord's code and its words."""

    status: int
    code: int
    message: str
    errors: Json = field(default_factory=dict)

    def body(self) -> Json:
        found: Json = {"message": self.message, "code": self.code}
        if self.errors:
            found["errors"] = self.errors
        return found


def invalid_form(where: str, code: str, message: str) -> ApiError:
    """Error 50035 for the field `where`, a dotted path such as "embeds.0.title"."""
    errors: Json = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(where.split(".")):
        errors = {part: errors}
    return ApiError(400, 50035, "Invalid Form Body", errors)


def unknown(code: int, what: str) -> ApiError:
    return ApiError(404, code, f"Unknown {what}")


MISSING_ACCESS = ApiError(403, 50001, "Missing Access")
MISSING_PERMISSIONS = ApiError(403, 50013, "Missing Permissions")


def snowflake(value: object, where: str = "id") -> int:
    """An id that came as text or as a number; 50035 for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    raise invalid_form(where, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')


class Ids:
    """Snowflakes that rise strictly and carry the clock's time (the clock gives seconds since 1970)."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self._last = 0

    def next(self) -> int:
        wanted = (int(self.clock() * 1000) - EPOCH_MS) << 22
        self._last = max(wanted, self._last + 1)
        return self._last

    def now(self) -> str:
        return datetime.fromtimestamp(self.clock(), UTC).isoformat()
