"""Where the reply to one turn is written in Telegram."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from secrets import randbelow
from typing import TypeVar

from telegram import Bot, LinkPreviewOptions, Message, ReplyParameters
from telegram.constants import ChatAction

from bot.channels.telegram import layout
from bot.channels.telegram.acknowledging import Acknowledgements
from bot.channels.telegram.errors import BadMarkup, Moved, NothingToReplyTo, NotModified, door
from bot.channels.telegram.finding import Finder
from bot.channels.telegram.layout import Payload
from bot.channels.telegram.locks import ChatLock
from bot.channels.telegram.memory import Memory
from bot.delivery.ports import Found, Known, Part, Shown
from bot.domain import Attachment, Origin
from bot.errors import ChannelError, DeliveryError, MessageGone, TryLater
from bot.ports import Texts

log = logging.getLogger(__name__)
T = TypeVar("T")

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramOutlet:
    """`bot.delivery.ports.Outlet` for one turn. `bot` gives the bot that runs now: the channel
    may be started anew while an answer waits. `memory` is what its outlets have learned of their chats.
    """

    def __init__(
        self,
        bot: Callable[[], Bot],
        conversation_id: str,
        origin: Origin,
        texts: Texts,
        streaming: str,
        memory: Memory,
        acknowledgements: Acknowledgements,
    ) -> None:
        self._bot = bot
        self._conversation_id = conversation_id
        self._chat, self._topic = int(origin.address["chat"]), int(origin.address.get("topic", 0)) or None
        self._question = int(origin.message_id) if origin.message_id.isdecimal() else 0
        self._texts = texts
        self._streaming = streaming
        self._memory = memory
        self._acknowledgements = acknowledgements
        self._finder = Finder(bot, self._call, memory, self._chat, self._topic or 0)
        self._draft = randbelow(2**31 - 1) + 1  # drafts of one number are shown as one that grows
        self.place = str(self._chat)
        self.group = origin.group
        # Drafts are for private chats. Where nothing is to grow, drafts are asked for as well, and not sent.
        auto = streaming == "auto" and not self.group and not memory.refuses_drafts(self._chat)
        self.drafts = auto or streaming == "off"

    def render(self, shown: Shown) -> Sequence[Part]:
        """Split and format. Pure."""
        if not shown.finished and self._streaming == "off":
            return []
        return layout.parts_of(shown, self._texts)

    async def send(self, part: Part, nonce: str) -> str:
        """Send a new message. Telegram takes no nonce: what is in doubt is looked for by `find`."""
        payload: Payload = part.payload
        quote = self._question if self.group and part.position == 0 else 0
        send = partial(self._send, payload)
        async with self._lock().shared():
            message = await self._in_its_shape(payload, send, quote)
            self._memory.note_sent(self._now_at(), message.message_id, self._conversation_id)
        self._after(payload)
        return str(message.message_id)

    def hint(self, after: str = "") -> str:
        """The number of a message before the one that is sent next. Telegram numbers the messages of all private chats
        and small groups of a bot in one row, those of each supergroup in another.
        """
        return str(max(self._question, self._memory.newest(self._now_at()), int(after or 0)) or "")

    async def find(self, part: Part | None, hint: str, known: Known) -> Found:
        """Try the next numbers: an edit succeeds, or changes nothing, only where a message of ours stands, which then
        says what it should. Those that are known to be others stay as they are, and so do those of other topics. While
        nobody sends here: what is not noted yet would be taken for the lost one. A file is not looked for.
        """
        if part is None or not hint:
            return Found(sure=False)
        payload: Payload = part.payload
        async with self._lock().alone():
            number = await self._finder.find(int(hint), known, partial(self._rewrite, payload))
            if number is None:
                return Found(sure=False)
            self._memory.note_ours(self._now_at(), number, self._conversation_id)
        return Found(str(number))

    async def _rewrite(self, payload: Payload, number: int) -> None:
        with suppress(NotModified):
            await self._in_its_shape(payload, partial(self._edited, number, payload), 0)

    def _now_at(self) -> int:
        return self._memory.now_at(self._chat)

    def _lock(self) -> ChatLock:
        return self._memory.lock(self._now_at())

    def _edited(self, number: int, payload: Payload, entities: Sequence[object], _: int) -> Awaitable[object]:
        return self._edit(number, payload, entities)

    async def edit(self, external_id: str, part: Part) -> None:
        """Change a message; one that looks like that already is no error."""
        payload: Payload = part.payload
        await self._rewrite(payload, int(external_id))
        self._after(payload)

    async def remove(self, external_id: str) -> None:
        """Delete a message; one that is gone is no error."""
        with suppress(MessageGone):
            await self._call(lambda chat: self._bot().delete_message(chat, int(external_id)))

    async def draft(self, part: Part) -> bool:
        """Show unfinished text in the person's chat; False where Telegram does not take drafts."""
        if self._streaming == "off":
            return True
        payload: Payload = part.payload
        try:
            with door():
                await self._bot().send_message_draft(
                    self._chat, self._draft, payload.text, self._topic, entities=payload.entities
                )
        except TryLater:
            raise
        except (DeliveryError, ChannelError) as error:
            log.info("drafts are refused (%s); edits are used", type(error).__name__)
            self._memory.note_refused_draft(self._chat)
            self.drafts = False
            return False
        return True

    async def working(self) -> None:
        """Show “typing …”, for five seconds."""
        await self._call(lambda chat: self._bot().send_chat_action(chat, ChatAction.TYPING, self._topic))

    async def attach(self, attachment: Attachment, nonce: str) -> str:
        """Send a file."""
        message = await self._call(
            lambda chat: self._bot().send_document(
                chat, attachment.content, filename=attachment.name, message_thread_id=self._topic
            )
        )
        self._memory.note_sent(self._now_at(), message.message_id, self._conversation_id)
        return str(message.message_id)

    def _send(self, payload: Payload, entities: Sequence[object], reply: int) -> Awaitable[Message]:
        quoting = ReplyParameters(reply, allow_sending_without_reply=True) if reply else None
        return self._call(
            lambda chat: self._bot().send_message(
                chat,
                payload.text,
                entities=entities,  # type: ignore[arg-type]
                reply_markup=payload.buttons,
                message_thread_id=self._topic,
                reply_parameters=quoting,
                link_preview_options=_NO_PREVIEW,
            )
        )

    def _edit(self, message_id: int, payload: Payload, entities: Sequence[object]) -> Awaitable[object]:
        return self._call(
            lambda chat: self._bot().edit_message_text(
                payload.text,
                chat,
                message_id,
                entities=entities,  # type: ignore[arg-type]
                reply_markup=payload.buttons,
                link_preview_options=_NO_PREVIEW,
            )
        )

    async def _in_its_shape(
        self, payload: Payload, call: Callable[[Sequence[object], int], Awaitable[T]], quote: int
    ) -> T:
        """Make a call, and again without what Telegram refuses in it: the formatting, the quotation."""
        entities: Sequence[object] = payload.entities
        while True:
            try:
                return await call(entities, quote)
            except BadMarkup:
                if not entities:
                    raise
                log.warning("Telegram refuses the formatting of a message; it is sent plain")
                entities = ()
            except NothingToReplyTo:
                if not quote:
                    raise
                quote = 0

    async def _call(self, work: Callable[[int], Awaitable[T]]) -> T:
        """Call Telegram for this chat, wherever it has moved. Raises DeliveryError."""
        try:
            try:
                with door():
                    return await work(self._now_at())
            except Moved as moved:
                self._memory.note_moved(self._chat, moved.chat)
                with door():
                    return await work(moved.chat)
        except ChannelError as error:  # the operator can give another token; the reply waits for it
            raise TryLater(str(error)) from None

    def _after(self, payload: Payload) -> None:
        if payload.closing and self._question:
            self._acknowledgements.take_away(self._chat, self._question)
