"""What delivery needs from a channel: a place to write, with the platform's limits.

An outlet belongs to one turn's place (built from the turn's origin, so that it can be built again after a restart).
Its methods translate the platform library's errors into `TryLater`, `MessageGone`, `Unreachable` and `DeliveryError`;
pacing, retries and the outbox are delivery's, never the outlet's.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.domain import Attachment, Channel, Citation, Event, Origin, Turn


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
class Found:
    """What came of looking for a message whose sending is in doubt: its id, empty where there is none. `sure`: sending
    it (once more) makes no second one.
    """

    external_id: str = ""
    sure: bool = True


Known = Callable[[Collection[str]], Awaitable[Mapping[str, Collection[str]]]]
"""Of messages with these ids, those that are known, as parts of replies or as what people wrote; each with its
conversations, as an id may be of one chat alone."""


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
    settling: float = 3.0  # seconds within which a call that nobody waits for any more may still take effect


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

    def hint(self, after: str = "") -> str:
        """Where to look for a message that is about to be sent, behind the one with the id `after` if there is one;
        kept before the first try, and given to `find`.
        """
        ...

    async def find(self, part: Part | None, hint: str, known: Known) -> Found:
        """Look for the message that an earlier try to send a part (None: a file) may have left, in this run or an
        earlier one; it may say something else by now. Raises DeliveryError.
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


class EventSource(Protocol):
    """Where the events of a turn come from: the conductor of this process, or another's."""

    now: Callable[[], datetime]

    def answer(self, turn: Turn, handing_back: Callable[[], bool] = ...) -> AsyncGenerator[Event, None]:
        """See `bot.delivery.conductor.Conductor.answer`."""
        ...

    def refuse(self, turn: Turn, reason: str) -> AsyncGenerator[Event, None]:
        """The events of a turn that is not answered: it fails, for a reason that the person is told."""
        ...


class TurnQueue(Protocol):
    """Accepted turns on their way to be answered: one of a conversation at a time, in order, all others beside it.

    Turns are kept in storage before they are put here; what a queue loses when it is broken off is put into it again
    when the channel is up again, and while it is, now and then.
    """

    def work_with(self, work: Callable[[Turn], Awaitable[None]], stop: Callable[[int], object]) -> None:
        """What is done with a turn, in the process where its channel is up, and how its answer is stopped there, by the
        turn's id. Called once, before anything is put.
        """
        ...

    def open(self, channel: Channel, bot: str) -> None:
        """A channel is up in this process: its turns can be worked on here."""
        ...

    def close_channel(self, channel: Channel, bot: str) -> None:
        """It is down again."""
        ...

    def hands_back(self, turn_id: int) -> bool:
        """Whether the turn's work is cancelled to be taken up by another run; else the person wants it no more."""
        ...

    async def put(self, turn: Turn, first: bool = False, after: float = 0.0) -> bool:
        """Work on the turn after those that wait in its conversation (`first`: before them), and not before so many
        seconds are over. False if it is there already, or the queue is closed.
        """
        ...

    async def missing(self, turns: Sequence[Turn]) -> list[Turn]:
        """Those of the turns that neither wait here nor are worked on."""
        ...

    async def cancel(self, turn_id: int, wait: bool = True) -> bool:
        """Take a turn out, wherever it is, and (`wait`) wait until nothing is done for it any more, which may take as
        long as a call to the platform; False if it was nowhere.
        """
        ...

    async def stop(self, turn_id: int) -> None:
        """Have the answer to a turn stopped by whoever writes it, elsewhere."""
        ...

    async def close(self, deadline: float) -> None:
        """Finish what is being worked on, within so many seconds; what waits stays accepted, for another run."""
        ...


class Outlets(Protocol):
    """A running channel, as delivery sees it: it makes the outlets of its turns."""

    channel: Channel
    bot: str  # the bot's own id on the platform
    pace: Pace

    def outlet(self, conversation_id: str, origin: Origin) -> Outlet: ...
