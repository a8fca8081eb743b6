"""Where the reply to a slash command, a menu or a button is written: the responses to an interaction."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

from bot.channels.discord.body import Body
from bot.channels.discord.door import door
from bot.channels.discord.errors import TokenOver
from bot.channels.discord.outlet import ChannelOutlet, Pen, body_of
from bot.channels.discord.wire import ORIGINAL
from bot.delivery.ports import Found, Known, Part
from bot.domain import Attachment
from bot.errors import MessageGone


@dataclass(frozen=True, slots=True)
class Ticket:
    """What allows us to respond, for 15 minutes. `pressed` is the message whose button was pressed, 0 for a command:
    then our first response was deferred, and waits to be filled in. `private`: only `user` sees the responses.
    """

    application: int
    token: str
    user: int
    pressed: int = 0
    private: bool = False


class InteractionOutlet(ChannelOutlet):
    """Responses while the ticket is good; after that, messages in the channel, or directly to the person where the
    reply is private.
    """

    def __init__(
        self,
        pen: Pen,
        channel: int,
        group: bool,
        ticket: Ticket,
        streaming: bool = True,
    ) -> None:
        super().__init__(pen, channel, group, streaming=streaming)
        self._ticket = ticket
        self._over = False

    async def send(self, part: Part, nonce: str) -> str:
        body = body_of(part)
        if not self._over:
            try:
                return await self._respond(part.position, body)
            except TokenOver:
                self._over = True
        return await self._otherwise(body, nonce)

    async def find(self, part: Part | None, hint: str, known: Known) -> Found:
        """The first response is filled in rather than sent. Further ones know no nonce, and those that only the person
        sees stand in no channel's history.
        """
        if part is not None and part.position == 0 and not self._ticket.pressed and not self._over:
            return Found()
        if self._ticket.private or (part is not None and self._is_private(body_of(part))):
            return Found(sure=False)
        return await self._look(part, int(hint or time.time()), known)

    async def edit(self, external_id: str, part: Part) -> None:
        body = body_of(part)
        if not self._over:
            try:
                await self._edit_response(external_id, body)
                return
            except TokenOver:
                self._over = True
            except MessageGone:  # it may be of an earlier interaction, or a plain message
                if self._is_private(body):
                    raise
        elif self._is_private(body):
            raise MessageGone("A private response cannot be changed after 15 minutes.")
        await super().edit(external_id, part)

    async def remove(self, external_id: str) -> None:
        if not self._over:
            try:
                with door(self._refused):
                    await self._wire.delete_response(
                        self._ticket.application, self._ticket.token, self._name_of(external_id)
                    )
                return
            except TokenOver:
                self._over = True
            except MessageGone:
                pass
        await super().remove(external_id)

    async def working(self) -> None:
        """A deferred response says so by itself."""
        if self._ticket.pressed and not self._ticket.private:
            await super().working()

    async def attach(self, attachment: Attachment, nonce: str) -> str:
        file = (attachment.name, attachment.content)
        if not self._over:
            try:
                return await self._follow_up(Body("", private=self._ticket.private), file)
            except TokenOver:
                self._over = True
        return await self._otherwise(Body("", private=self._ticket.private), nonce, file)

    async def _respond(self, position: int, body: Body) -> str:
        if position == 0 and not self._ticket.pressed:
            if body.private and not self._ticket.private:
                await self._withdraw()
                return await self._follow_up(body)
            try:
                return await self._edit_response(ORIGINAL, body)
            except MessageGone:
                pass  # the person, or a moderator, has deleted it
        return await self._follow_up(body)

    async def _withdraw(self) -> None:
        """Our first response was deferred for everybody to see, and what fills it in stays so."""
        with suppress(MessageGone), door(self._refused):
            await self._wire.delete_response(self._ticket.application, self._ticket.token)

    async def _edit_response(self, message: str, body: Body) -> str:
        with door(self._refused):
            return await self._wire.edit_response(
                self._ticket.application, self._ticket.token, self._name_of(message), body.edited()
            )

    async def _follow_up(self, body: Body, file: tuple[str, bytes] | None = None) -> str:
        payload = body.followed_up(self._is_private(body))
        with door(self._refused, sends=True):
            return await self._wire.follow_up(self._ticket.application, self._ticket.token, payload, file)

    async def _otherwise(self, body: Body, nonce: str, file: tuple[str, bytes] | None = None) -> str:
        channel = self._channel
        if self._is_private(body) and self.group:
            with door(self._refused):
                channel = await self._wire.direct_channel(self._ticket.user)
        return await self._send_to(channel, body, nonce, file=file)

    def _is_private(self, body: Body) -> bool:
        return self._ticket.private or body.private

    def _name_of(self, message: str) -> str:
        """The message under the pressed button is the original response of the press."""
        return ORIGINAL if message == str(self._ticket.pressed) else message
