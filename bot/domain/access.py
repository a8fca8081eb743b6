"""Who may talk to Parley."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.conversation import User


class AccessState(StrEnum):
    """What was decided about a person; someone without an entry is told by the policy of the channel."""

    PENDING = "pending"  # has a pairing code that no admin has confirmed yet
    ALLOWED = "allowed"
    BANNED = "banned"


@dataclass(frozen=True, slots=True)
class Access:
    """A person's entry. `code` is the pairing code while PENDING, empty otherwise."""

    user: User
    state: AccessState
    since: datetime
    code: str = ""
