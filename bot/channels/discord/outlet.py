"""Where a reply is written: a channel's messages."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from discord.utils import time_snowflake

from bot.channels.discord.body import Body
from bot.channels.discord.door import Refused, door
from bot.channels.discord.render import parts_of
from bot.channels.discord.wire import Wire
from bot.delivery.ports import Found, Known, Part, Shown
from bot.domain import Attachment
from bot.errors import DeliveryError, MessageGone
from bot.ports import Texts

NONCE_HOLDS = 60  # seconds; Discord promises “the past few minutes”
CLOCKS_DIFFER = 60  # seconds, between Discord's clock and ours
BEGINNING = 24  # characters by which a message is known again


@dataclass(frozen=True, slots=True)
class Pen:
    """What the outlets of a connection write with. `commands` are the ids of the slash commands by name,
    `me` the bot's own.
    """

    wire: Wire
    texts: Texts
    refused: Refused
    commands: Mapping[str, int]
    me: int


class ChannelOutlet:
    """Plain messages in a channel, a thread or a direct message; the first one replies to the question, if there is
    one to reply to (`reply_to`, a message's id).
    """

    drafts = False

    def __init__(
        self,
        pen: Pen,
        channel: int,
        group: bool,
        reply_to: int = 0,
        streaming: bool = True,
    ) -> None:
        self.place = str(channel)
        self.group = group
        self._pen = pen
        self._wire = pen.wire
        self._refused = pen.refused
        self._channel = channel
        self._reply_to = reply_to
        self._streaming = streaming
        self._me = pen.me

    def render(self, shown: Shown) -> Sequence[Part]:
        return parts_of(shown, self._pen.texts, self._pen.commands) if shown.finished or self._streaming else []

    async def send(self, part: Part, nonce: str) -> str:
        return await self._send_to(self._channel, body_of(part), nonce, self._reply_to if part.position == 0 else 0)

    def hint(self, after: str = "") -> str:
        """The time, in seconds since 1970."""
        return str(int(time.time()))

    async def find(self, part: Part | None, hint: str, known: Known) -> Found:
        """While Discord remembers the nonce, sending again is safe. Later the channel tells what stands there."""
        if not hint or time.time() - int(hint) < NONCE_HOLDS:
            return Found(sure=bool(hint))
        return await self._look(part, int(hint), known)

    async def _look(self, part: Part | None, since: int, known: Known) -> Found:
        """Look for a message of ours that begins as the part does, or as an unfinished state of it."""
        after = time_snowflake(datetime.fromtimestamp(since - CLOCKS_DIFFER, UTC))
        with door(self._refused):
            written = await self._wire.written(self._channel, after, self._me)
        begins = body_of(part).content[:BEGINNING] if part is not None else ""
        others = await known([message for message, _ in written])
        for message, content in written:
            if content[: len(begins)] == begins[: len(content)] and message not in others:
                return Found(message)
        return Found()

    async def edit(self, external_id: str, part: Part) -> None:
        with door(self._refused):
            await self._wire.edit(self._channel, int(external_id), body_of(part).edited())

    async def remove(self, external_id: str) -> None:
        with suppress(MessageGone), door(self._refused):
            await self._wire.delete(self._channel, int(external_id))

    async def draft(self, part: Part) -> bool:
        return False

    async def working(self) -> None:
        with suppress(DeliveryError), door(self._refused):
            await self._wire.typing(self._channel)

    async def attach(self, attachment: Attachment, nonce: str) -> str:
        return await self._send_to(self._channel, Body(""), nonce, file=(attachment.name, attachment.content))

    async def _send_to(
        self, channel: int, body: Body, nonce: str, reply_to: int = 0, file: tuple[str, bytes] | None = None
    ) -> str:
        with door(self._refused, sends=True):
            return await self._wire.send(channel, body.sent(nonce, reply_to, channel), file)


def body_of(part: Part) -> Body:
    assert isinstance(part.payload, Body)
    return part.payload
