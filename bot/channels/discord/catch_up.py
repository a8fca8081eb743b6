"""What was asked while we were away: read from Discord's history, through the same intake as everything else."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import discord
from discord.utils import time_snowflake

from bot.channels.discord.convert import channel_of
from bot.channels.discord.door import Refused, door
from bot.channels.discord.intake import Intake
from bot.channels.discord.patience import persistently
from bot.channels.discord.rules import Rules
from bot.domain import Channel, Turn
from bot.errors import DeliveryError, TryLater
from bot.ports import Storage

log = logging.getLogger(__name__)

READABLE = discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.StageChannel
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds, before a place is read that could not be
MOST_CHANNELS = 200
MOST_MESSAGES = 100  # of one channel, the newest


@dataclass(frozen=True, slots=True)
class Gap:
    """A channel, and the message after which to read on."""

    channel: int
    after: int


class CatchUp:
    """Looks at every place where Parley has talked, at the channels and forums where it always answers, and then at
    those where somebody may have mentioned it for the first time.

    How far a place was seen is told by its last turn; never further back than `minutes`. A message that was taken in
    already changes nothing: its turn is there, or the intake remembers it.
    """

    def __init__(
        self,
        client: discord.Client,
        intake: Intake,
        storage: Storage,
        rules: Rules,
        refused: Refused,
        minutes: int,
    ) -> None:
        self._client = client
        self._intake = intake
        self._storage = storage
        self._rules = rules
        self._refused = refused
        self._minutes = minutes
        self._held: set[int] = set()  # places whose order some run holds, until it has read them
        self._again: set[int] = set()  # of those, the ones that a later session has missed more of

    async def run(self, bot: str, looked: Callable[[], None], now: datetime | None = None) -> int:
        """Take in what was missed; gives how many messages were read. `looked` is called as soon as it is known where
        to read on: from then on, messages may be taken in beside it, each place's behind those that were missed there.
        It may run for one session while it still does for an earlier one. Raises StorageError.
        """
        if not self._minutes:
            return 0
        turns = await persistently(
            lambda: self._storage.read(lambda work: list(work.conversations.with_people(Channel.DISCORD, bot)))
        )
        since = (now or datetime.now(UTC)) - timedelta(minutes=self._minutes)
        mine: deque[tuple[Gap, asyncio.Lock]] = deque()
        try:
            for gap in self._unread(gaps(turns, self._always(), since, self._elsewhere())):
                if gap.channel in self._held:
                    self._again.add(gap.channel)
                    continue
                order = self._intake.order(gap.channel)
                await order.acquire()
                self._held.add(gap.channel)
                mine.append((gap, order))
            looked()
            return await self._read(mine)
        finally:
            for gap, order in mine:
                self._release(gap, order)

    async def _read(self, places: deque[tuple[Gap, asyncio.Lock]]) -> int:
        """Take what was missed in each place, whose order is released then. A place that cannot be read now comes again
        after the others: given up, it would hide its gap for ever behind what is asked there next.
        """
        read, pause = 0, FIRST_PAUSE
        while places:
            gap, order = places[0]
            self._again.discard(gap.channel)
            try:
                read += await self._take(gap)
            except TryLater as error:
                log.info("a channel cannot be caught up yet: %s", type(error).__name__)
                places.rotate(-1)
                await asyncio.sleep(error.after if error.after is not None else pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            pause = FIRST_PAUSE
            if gap.channel not in self._again:
                places.popleft()
                self._release(gap, order)
        return read

    def _release(self, gap: Gap, order: asyncio.Lock) -> None:
        self._held.discard(gap.channel)
        order.release()

    def _always(self) -> set[int]:
        """The channels where all is answered, with the posts of such forums and the threads of such channels."""
        found = set(self._rules.channels)
        for guild in self._client.guilds:
            found |= {thread.id for thread in guild.threads if thread.parent_id in self._rules.channels}
        return found

    def _elsewhere(self) -> list[int]:
        """The other channels and threads where messages stand that we may read and answer."""
        return [
            place.id
            for guild in self._client.guilds
            for place in (*guild.channels, *guild.threads)
            if isinstance(place, READABLE)
            and place.last_message_id is not None
            and self._rules.admits_place({place.id, getattr(place, "parent_id", 0)})
            and place.permissions_for(guild.me).read_message_history
        ]

    def _unread(self, found: Iterable[Gap]) -> list[Gap]:
        """Without the channels of which Discord has told us that nothing is newer."""
        return [gap for gap in found if self._newest(gap.channel) > gap.after][:MOST_CHANNELS]

    def _newest(self, channel: int) -> int:
        """The id of the last message, as far as the library knows; of direct messages it never does."""
        known = self._client.get_channel(channel)
        last = getattr(known, "last_message_id", None)
        if isinstance(known, discord.ForumChannel | discord.CategoryChannel):
            return 0  # they hold no messages themselves
        return last if isinstance(last, int) else 2**63

    async def _take(self, gap: Gap) -> int:
        """For whoever holds the place's order. Raises TryLater."""
        known = self._client.get_channel(gap.channel)
        place = known if isinstance(known, READABLE) else await self._direct(gap.channel)
        if place is None:
            return 0
        try:
            with door(self._refused):
                after = discord.Object(gap.after)
                history = place.history(limit=MOST_MESSAGES, after=after, oldest_first=False)
                missed = [message async for message in history]
        except TryLater:
            raise
        except DeliveryError as error:
            log.info("a channel cannot be caught up: %s", type(error).__name__)
            return 0
        for message in reversed(missed):
            await self._intake.missed(message)
        return len(missed)

    async def _direct(self, channel: int) -> discord.abc.Messageable | None:
        """A channel that the library does not know: direct messages, or a thread that was archived."""
        try:
            with door(self._refused):
                found = await self._client.fetch_channel(channel)
        except TryLater:
            raise
        except DeliveryError as error:
            log.info("a channel cannot be caught up: %s", type(error).__name__)
            return None
        return found if isinstance(found, discord.DMChannel | discord.Thread | discord.TextChannel) else None


def gaps(turns: Iterable[Turn], always: Iterable[int], since: datetime, elsewhere: Iterable[int] = ()) -> list[Gap]:
    """Where to read on: after each place's last turn, and in channels without one after the last turn anywhere. Those
    `elsewhere` come last, as the least likely to hold something.
    """
    earliest = time_snowflake(since)
    last: dict[int, int] = {}
    for turn in turns:
        seen = _seen(turn)
        for channel in (channel_of(turn.conversation_id), int(turn.origin.address.get("parent", 0))):
            if channel:
                last[channel] = max(last.get(channel, 0), seen)
    if not last:
        return []  # nothing was ever answered: the questions of before we came are not ours
    newest = max(last.values())
    places = {**dict.fromkeys(always, newest), **last}
    found = [Gap(channel, max(after, earliest)) for channel, after in places.items()]
    after = max(newest, earliest)
    return [
        *sorted(found, key=lambda gap: -gap.after),
        *(Gap(channel, after) for channel in elsewhere if channel not in places),
    ]


def _seen(turn: Turn) -> int:
    """The id of the last message that was taken in, or one of that time where the turn began otherwise."""
    message = turn.origin.message_id
    return int(message) if message.isdecimal() else time_snowflake(turn.received_at)
