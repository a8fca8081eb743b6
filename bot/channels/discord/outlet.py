"""Where a reply is written: a channel's messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bot.channels.discord.body import Body
from bot.channels.discord.door import Refused, door
from bot.channels.discord.render import parts_of
from bot.channels.discord.wire import Wire
from bot.delivery.ports import Part, Shown
from bot.domain import Attachment
from bot.errors import DeliveryError, MessageGone
from bot.ports import Texts


@dataclass(frozen=True, slots=True)
class Pen:
    """What the outlets of a connection write with. `commands` are the ids of the slash commands by name."""

    wire: Wire
    texts: Texts
    refused: Refused
    commands: Mapping[str, int]


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

    def render(self, shown: Shown) -> Sequence[Part]:
        return parts_of(shown, self._pen.texts, self._pen.commands) if shown.finished or self._streaming else []

    async def send(self, part: Part, nonce: str) -> str:
        return await self._send_to(self._channel, body_of(part), nonce, self._reply_to if part.position == 0 else 0)

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
