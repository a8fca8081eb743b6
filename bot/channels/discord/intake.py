"""From messages to turns: what people say, change, delete and react to. Answering is not done here."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from weakref import WeakValueDictionary

import discord

from bot.channels.discord.asides import Asides
from bot.channels.discord.context import chain_of, parent_of
from bot.channels.discord.convert import (
    Place,
    Why,
    addressed,
    conversation_id,
    incoming,
    is_spoken,
    place_of,
    roles_of,
    text_of,
    user_of,
)
from bot.channels.discord.files import Attachments
from bot.channels.discord.patience import persistently
from bot.channels.discord.rules import Rules
from bot.channels.discord.threads import Threads, moved
from bot.delivery.reception import Reception
from bot.domain import Channel, File, Incoming, Opinion, User
from bot.domain.conversation import answers
from bot.ports import Storage

log = logging.getLogger(__name__)

MOST_REMEMBERED = 10_000  # messages that Discord's history may bring again
OPINIONS = {"👍": Opinion.GOOD, "👎": Opinion.BAD}


class Intake:
    """Takes what one connection brings, in order in each channel. `me` is the bot's own id; `left` says when what is
    not taken in by now is the next connection's.
    """

    def __init__(
        self,
        me: int,
        rules: Rules,
        reception: Reception,
        storage: Storage,
        files: Attachments,
        threads: Threads,
        asides: Asides,
        left: Callable[[], bool] = lambda: False,
    ) -> None:
        self._me = me
        self._left = left
        self._rules = rules
        self._reception = reception
        self._storage = storage
        self._files = files
        self._threads = threads
        self._asides = asides
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._taken: OrderedDict[int, None] = OrderedDict()  # ids of messages
        self._gone: OrderedDict[int, None] = OrderedDict()  # likewise, of those that were deleted

    def order(self, channel: int) -> asyncio.Lock:
        """Held while a message of the channel is taken in: they wait in the order in which they came."""
        return self._locks.setdefault(channel, asyncio.Lock())

    async def message(self, message: discord.Message) -> None:
        """Take in a message, if it is meant for us. The same one again changes nothing."""
        if is_spoken(message):
            async with self.order(message.channel.id):
                if not (self._left() and await self._is_read_later(message.channel.id)):
                    await self.take(message)

    async def _is_read_later(self, channel: int) -> bool:
        """Whether the next connection catches up there. Taken in now, a message might overtake one that was missed."""
        there = conversation_id(self._me, channel)
        return bool(await persistently(lambda: self._storage.read(lambda work: work.conversations.history(there, 1))))

    async def take(self, message: discord.Message) -> None:
        """As `message`, for whoever holds the channel's order already."""
        if message.id in self._taken or message.id in self._gone:
            return
        await self._take(message)
        _remember(self._taken, message.id)
        if message.id in self._gone:  # told while it was being kept, when there was nothing yet to take back
            await self._take_back(message.channel.id, message.id)

    async def missed(self, message: discord.Message) -> None:
        """As `take`, for a message that was said while we were away: what it would stop has ended since."""
        if text_of(message, self._me).casefold() != "/stop":
            await self.take(message)

    async def _take(self, message: discord.Message) -> None:
        place = place_of(message.channel, message.guild.id if message.guild else None)
        why = await self._why(message, place)
        if why is None:
            return
        said = await self._incoming(message, place)
        if said is None:
            return
        if self._rules.open_threads and place.group and not place.parent and why is not Why.THREAD:
            said = await self._in_thread(said, message, place)
        if await persistently(partial(self._reception.receive, said)) is None:
            await self._files.files.discard(said.origin.files)

    async def edited(self, message: discord.Message) -> None:
        """Take in what a message says now."""
        if not is_spoken(message) or message.edited_at is None:
            return  # Discord tells in the same way that it has added a preview of a link
        async with self.order(message.channel.id):
            place = place_of(message.channel, message.guild.id if message.guild else None)
            if await self._why(message, place) is None:
                return
            said = await self._incoming(message, place, edited=True)
            if said is None:
                return
            if self._rules.open_threads and not place.parent and message.flags.has_thread:
                said = moved(said, self._me, message.id, place)
            if await persistently(partial(self._reception.edited, said)) is None:
                await self._files.files.discard(said.origin.files)

    async def deleted(self, channel: int, message: int) -> None:
        """A message is gone: its answer need not be finished, nor begun where others of its place are before it."""
        _remember(self._gone, message)
        await self._take_back(channel, message)

    async def _take_back(self, channel: int, message: int) -> None:
        bot = str(self._me)
        for place in {channel, message} if self._rules.open_threads else {channel}:
            conversation = conversation_id(self._me, place)
            await self._reception.deleted(Channel.DISCORD, bot, conversation, str(message))

    async def reaction(self, event: discord.RawReactionActionEvent) -> None:
        """A thumb on an answer is an opinion; taken away, it is taken back."""
        opinion = OPINIONS.get(event.emoji.name.rstrip("\ufe0f🏻🏼🏽🏾🏿") if event.emoji.name else "")
        if opinion is None or event.user_id == self._me or (event.member is not None and event.member.bot):
            return
        if event.message_author_id is not None and event.message_author_id != self._me:
            return
        given = opinion if event.event_type == "REACTION_ADD" else None
        person = user_of(event.member) if event.member else User(Channel.DISCORD, str(event.user_id))
        there = conversation_id(self._me, event.channel_id)
        admin = self._rules.is_manager(event.user_id, roles_of(event.member))
        about = str(event.message_id)
        await persistently(lambda: self._reception.opinion(person, there, about, given, str(self._me), admin))

    async def _why(self, message: discord.Message, place: Place) -> Why | None:
        parent = await parent_of(message) if place.group else None
        why = addressed(message, place, self._rules, self._me, parent=parent)
        if not place.group or why in {Why.MENTION, Why.REPLY}:
            return why
        if not self._rules.admits((place.channel, place.parent), roles_of(message.author)):
            return None
        answer = await self._answer(place)
        return addressed(message, place, self._rules, self._me, answer, parent) if answer else why

    async def _answer(self, place: Place) -> str:
        """When to answer there, where people have set it with /settings."""
        conversation = conversation_id(self._me, place.channel)
        values = await persistently(lambda: self._storage.read(lambda work: work.conversations.values(conversation)))
        return answers(values)

    async def _incoming(self, message: discord.Message, place: Place, edited: bool = False) -> Incoming | None:
        chain = await chain_of(message)
        files: tuple[File, ...] = ()
        attachments = message.attachments or (chain[-1].attachments if chain else [])
        if attachments and await self._lets_in(message):
            fetched = await self._files.fetch(attachments)
            files = tuple(fetched.files)
            if fetched.too_big:
                await self._asides.tell(message, "discord-file-too-big", most=int(self._files.most))
                if not files and not message.content.strip():
                    return None
        said = incoming(message, place, self._rules, self._me, chain, files, edited)
        # In a group a picture or a sticker is between the people there; alone with Parley it was meant for it.
        return said if said.text or not place.group else None

    async def _lets_in(self, message: discord.Message) -> bool:
        """Whether the person is answered at all: nothing is fetched for strangers."""
        admin = self._rules.is_manager(message.author.id, roles_of(message.author))
        return await persistently(lambda: self._reception.admits(user_of(message.author), admin))

    async def _in_thread(self, said: Incoming, message: discord.Message, place: Place) -> Incoming:
        """The question moves into a thread of its own, if one can be opened."""
        thread = await self._threads.open(message, said.text)
        return moved(said, self._me, thread, place) if thread else said


def _remember(ids: OrderedDict[int, None], message: int) -> None:
    ids[message] = None
    if len(ids) > MOST_REMEMBERED:
        ids.popitem(last=False)
