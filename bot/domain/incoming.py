"""What comes in from a channel, before it is a turn."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.conversation import User
from bot.domain.origin import Origin


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that is meant for Parley. `update_id` is the platform's own id of the update; redelivered, it is
    the same. `bot` tells several bots on one channel apart.
    """

    user: User
    conversation_id: str
    text: str
    update_id: str
    origin: Origin = field(default_factory=Origin)
    bot: str = ""
