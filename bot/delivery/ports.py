"""What delivery needs from a channel: a place to write, with the platform's limits.

An outlet belongs to one turn's place (built from the turn's origin, so that it can be built again after a restart).
Its methods translate the platform library's errors into `TryLater`, `MessageGone`, `Unreachable` and `DeliveryError`;
pacing, retries and the outbox are delivery's, never the outlet's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.domain import Attachment, Channel, Citation, Origin


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a reply. `action` is ASCII of at most 64 bytes (`bot.delivery.actions` writes and reads it)."""

    label: str
    action: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to stand on the platform: the text so far, or the whole reply when `finished`.

    `text` is Markdown. `buttons` come in rows; while the text grows there may be a stop button only.
    """

    text: str
    language: str = "en"
    finished: bool = True
    citations: tuple[Citation, ...] = ()
    notice: str = ""
    buttons: tuple[tuple[Button, ...], ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a reply. `position` counts from 0; `payload` is what the outlet sends, `digest` tells whether two
    payloads look the same.
    """

    position: int
    digest: str
    payload: Any


@dataclass(frozen=True, slots=True)
class Pace:
    """The platform's published limits, for messages sent and edited: calls per seconds.

    `chat` for one private chat or channel, `group` further for a group, `overall` for the bot.
    `burst` is how many calls may follow at once in one chat.
    """

    chat: tuple[float, float] = (1, 1.0)
    group: tuple[float, float] | None = None
    overall: tuple[float, float] = (30, 1.0)
    burst: int = 3
    edit_every: float = 1.0  # seconds between two edits of unfinished text
    draft_every: float = 0.4  # seconds between two drafts


class Outlet(Protocol):
    """Where the reply to one turn is written."""

    place: str  # the chat, as a key for pacing
    group: bool
    drafts: bool  # whether unfinished text is shown by `draft`; otherwise by editing a message

    def render(self, shown: Shown) -> Sequence[Part]:
        """Split and format. Pure; for growing text all parts but the last two keep their digests."""
        ...

    async def send(self, part: Part, nonce: str) -> str:
        """Send a new message; gives the platform's id. The same nonce never makes two messages, where the platform
        can tell. Raises DeliveryError.
        """
        ...

    async def edit(self, external_id: str, part: Part) -> None:
        """Change a message; one that looks like that already is no error. Raises DeliveryError."""
        ...

    async def remove(self, external_id: str) -> None:
        """Delete a message; one that is gone already is no error. Raises DeliveryError."""
        ...

    async def draft(self, part: Part) -> bool:
        """Show unfinished text without a message; False where the platform refuses, and edits are to be used from
        then on. Raises TryLater, which delivery drops.
        """
        ...

    async def working(self) -> None:
        """Show that something is being done (typing …), for the few seconds that the platform shows it."""
        ...

    async def attach(self, attachment: Attachment, nonce: str) -> str:
        """Send a file; gives the platform's id. Raises DeliveryError."""
        ...


class Outlets(Protocol):
    """A running channel, as delivery sees it: it makes the outlets of its turns."""

    channel: Channel
    bot: str  # the bot's own id on the platform
    pace: Pace

    def outlet(self, conversation_id: str, origin: Origin) -> Outlet: ...
