"""What people do in Telegram, handed on to delivery. Handlers take in only; answering happens elsewhere."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from telegram import CallbackQuery, Document, Message, Update
from telegram.ext import (
    CallbackContext,
    CallbackQueryHandler,
    InlineQueryHandler,
    MessageHandler,
    MessageReactionHandler,
    filters,
)

from bot.channels.telegram import convert
from bot.channels.telegram.acknowledging import Acknowledgements
from bot.channels.telegram.addressing import Addressed, addressed, wanted
from bot.channels.telegram.background import Background
from bot.channels.telegram.client import AnyApplication
from bot.channels.telegram.convert import Me, Place
from bot.channels.telegram.errors import door
from bot.channels.telegram.files import Downloads
from bot.channels.telegram.hints import Hints
from bot.channels.telegram.inline import Inline
from bot.channels.telegram.memory import Memory
from bot.delivery.reception import Reception
from bot.domain import File, Incoming, Origin, User
from bot.domain.conversation import answers
from bot.errors import DeliveryError, InvalidInput
from bot.settings.channels import TelegramSettings

log = logging.getLogger(__name__)

Context = CallbackContext[Any, Any, Any, Any]
Values = Callable[[str], Awaitable[Mapping[str, str]]]


class Intake:
    """The handlers of one running bot."""

    def __init__(
        self,
        settings: TelegramSettings,
        me: Me,
        reception: Reception,
        values: Values,
        downloads: Downloads,
        hints: Hints,
        inline: Inline | None,
        acknowledgements: Acknowledgements,
        memory: Memory,
        background: Background,
    ) -> None:
        self._settings = settings
        self._me = me
        self._reception = reception
        self._values = values
        self._downloads = downloads
        self._hints = hints
        self._inline = inline
        self._acknowledgements = acknowledgements
        self._memory = memory
        self._background = background

    def register(self, application: AnyApplication) -> None:
        """Let the application call the handlers; updates that none of them is for are left out."""
        application.add_handler(MessageHandler(filters.UpdateType.MESSAGE, self._message))
        application.add_handler(MessageHandler(filters.UpdateType.EDITED_MESSAGE, self._edited))
        application.add_handler(CallbackQueryHandler(self._pressed))
        application.add_handler(MessageReactionHandler(self._reacted))
        if self._inline is not None:
            application.add_handler(InlineQueryHandler(self._asked_inline))

    async def _message(self, update: Update, _: Context) -> None:
        if update.message is None:
            return
        incoming = await self._incoming(update.message, update.update_id)
        if incoming is None:
            return
        turn = await self._reception.receive(incoming)
        if turn is None:
            await self._downloads.files.discard(incoming.origin.files)
        else:
            self._acknowledgements.set(update.message.chat.id, update.message.message_id)

    async def _edited(self, update: Update, _: Context) -> None:
        if update.edited_message is None:
            return
        incoming = await self._incoming(update.edited_message, update.update_id, edited=True)
        if incoming is not None and await self._reception.edited(incoming) is None:
            await self._downloads.files.discard(incoming.origin.files)

    async def _incoming(self, message: Message, update_id: int, edited: bool = False) -> Incoming | None:
        """The message as delivery takes it; None where it is not for us, or nothing that can be answered."""
        self._memory.note_seen(message.chat.id, message.message_id)
        where, user = convert.place(message), convert.person(message)
        if where is None or user is None or self._by_us(message):
            return None
        found = addressed(message, where, self._me)
        admin = self._is_admin(user, where.chat)
        if self._teaches(message, where):
            found = Addressed(found.text if found.text.startswith("/") else "/learn", surely=True)
        elif not await self._wanted(found, where):
            return None
        if not found.text.strip() and (message.document is not None or not self._empty_is_said(message)):
            # In a group it is between the people there; a place that is shared live is edited at every step.
            if where.group or edited or not message.effective_attachment:
                return None
            if await self._reception.admits(user, admin):
                self._hints.give(message, where)
                return None
            found = Addressed("")  # a stranger is told so; the banned get silence
        files = await self._files(message, where, user, found.text)
        if files is None:
            return None
        return convert.incoming(message, update_id, user, where, self._me, found.text, admin=admin, files=files)

    def _by_us(self, message: Message) -> bool:
        """Sent by a person, but written by our inline mode."""
        return message.via_bot is not None and message.via_bot.id == self._me.id

    def _is_admin(self, user: User, chat: int) -> bool:
        return int(user.external_id) in self._settings.admins or chat in self._settings.admin_chats

    def _teaches(self, message: Message, where: Place) -> bool:
        return message.document is not None and where.chat in self._settings.admin_chats

    def _empty_is_said(self, message: Message) -> bool:
        """A mention alone, in answer to a message, asks about that message."""
        return bool(convert.quoted(message, self._me).text) and bool(convert.said(message)[0])

    async def _wanted(self, found: Addressed, where: Place) -> bool:
        if found.surely or found.never:
            return found.surely
        answer = answers(await self._values(where.conversation(self._me.id)))
        return wanted(found, where, self._settings, answer)

    async def _files(self, message: Message, where: Place, user: User, text: str) -> tuple[File, ...] | None:
        """The message's document, or for a command that of the message it replies to. None where it cannot be had,
        which the person is told.
        """
        document = _document(message, text)
        admin = self._is_admin(user, where.chat)
        # What only admins may do needs no download for others, nor does what strangers send; they are told so later.
        if document is None or (text.lower().startswith("/learn") and not admin):
            return ()
        if not await self._reception.admits(user, admin):
            return ()
        try:
            return (await self._downloads.fetch(document),)
        except InvalidInput as error:
            self._hints.tell(message, where, error.text_id, **error.values)
        except (DeliveryError, OSError) as error:
            log.warning("a file could not be fetched: %s", type(error).__name__)
            self._hints.tell(message, where, "telegram-file-not-fetched")
        return None

    async def _pressed(self, update: Update, _: Context) -> None:
        query = update.callback_query
        if query is None:
            return
        user, message = convert.of_user(query.from_user), query.message
        if user is None or message is None or query.data is None:
            self._background.start(_answer(query, ""))
            return
        where = convert.place(message) or Place(message.chat.id, 0, True)
        conversation = self._memory.conversation_of(message.chat.id, message.message_id)
        origin = Origin(
            address=where.address(),
            locale=convert.locale(query.from_user),
            group=where.group,
            admin=self._is_admin(user, where.chat),
        )
        notice = await self._reception.pressed(
            user,
            conversation or where.conversation(self._me.id),
            query.data,
            origin,
            str(update.update_id),
            str(self._me.id),
        )
        self._background.start(_answer(query, notice.text, notice.alert))

    async def _reacted(self, update: Update, _: Context) -> None:
        reaction = update.message_reaction
        if reaction is None or reaction.user is None:
            return
        user = convert.of_user(reaction.user)
        about, opinion = convert.opinion(reaction)
        if user is None or not about:
            return
        chat, message_id = reaction.chat.id, reaction.message_id
        conversation = self._memory.conversation_of(chat, message_id) or Place(chat, 0, True).conversation(self._me.id)
        admin = self._is_admin(user, chat)
        await self._reception.opinion(user, conversation, str(message_id), opinion, str(self._me.id), admin)

    async def _asked_inline(self, update: Update, _: Context) -> None:
        if self._inline is not None and update.inline_query is not None:
            self._inline.answer(update.inline_query)


def _document(message: Message, text: str) -> Document | None:
    if message.document is not None:
        return message.document
    reply = convert.replied_to(message) if text.startswith("/") else None
    return reply.document if reply is not None else None


async def _answer(query: CallbackQuery, text: str, alert: bool = False) -> None:
    """Always answer: until then the person's button shows a clock."""
    async with asyncio.timeout(30):
        with door():
            await query.answer(text[:200] or None, show_alert=alert)
