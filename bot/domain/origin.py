"""Where a turn came from, and where its reply goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class File:
    """A file that a person sent, kept on disk for a day. `size` is in bytes."""

    name: str
    path: str
    size: int
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a turn came from and where its reply goes; kept with the turn, so that it can be answered after a restart.

    `address` is for the channel alone to read: chat, topic, interaction token, … as JSON values. `message_id` is the
    platform's id of the person's message, empty where there is none (a button, a slash command). `quoted` is the text
    of the message that this one replies to or is about, and `quoted_ours` tells that Parley wrote it. `locale` is what
    the platform says of the person's language (ISO 639-1), a hint only. `group`: others read along. `admin`: the
    person may change the knowledge base and let others in. `replaces` is the turn whose parts this one's reply takes
    over: its question was edited, or another answer was asked for; `attempt` counts the latter.
    """

    address: Mapping[str, str | int] = field(default_factory=dict)
    message_id: str = ""
    quoted: str = ""
    quoted_ours: bool = False
    files: tuple[File, ...] = ()
    locale: str = ""
    group: bool = False
    admin: bool = False
    replaces: int = 0
    attempt: int = 0

    def follows(self, message_id: str) -> bool:
        """Whether it came after another message of the same place, as platforms number them; else False."""
        mine = self.message_id
        return mine.isdecimal() and message_id.isdecimal() and int(mine) > int(message_id)
