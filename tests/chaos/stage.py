"""The two fake platforms with the places in which people talk. They live in the driver, and so outlive every kill."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.chaos.checker import Asked, Bubble, Talk
from tests.chaos.weather import DiscordWeather, Sky, TelegramWeather, Watch
from tests.support.discord_server import Channel, DiscordServer
from tests.support.discord_server import Message as DiscordMessage
from tests.support.discord_server import Person as DiscordPerson
from tests.support.telegram_server import TOKEN, Group, Person, Place, TelegramServer
from tests.support.telegram_server import Message as TelegramMessage
from tests.support.telegram_server.webhook import chat_of

DISCORD_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnopqrstuvwxyz0123456789AB"
STOP = "⏹ Stop"
GROUP_OF = 3  # people in a group, a topic's forum, a thread


class Spot(Protocol):
    """A place in which one or several people talk with the bot."""

    name: str
    tells_of_deletion: bool

    async def say(self, text: str) -> Any:
        """Somebody writes it to the bot; gives the message."""
        ...

    async def edit(self, message: Any, text: str) -> None: ...

    async def delete(self, message: Any) -> None: ...

    async def stop(self) -> None:
        """Press the button that stops an answer where one grows; else say `/stop`."""
        ...

    def bubbles(self) -> list[Bubble]: ...


@dataclass
class TelegramSpot:
    """A private chat, a group, or a topic."""

    name: str
    place: Place
    people: list[Person]
    draw: random.Random
    tells_of_deletion: bool = False

    async def say(self, text: str) -> TelegramMessage:
        return await self.place.says(self.draw.choice(self.people), self._to_bot(text))

    async def edit(self, message: TelegramMessage, text: str) -> None:
        await self.place.edits(message, self._to_bot(text))

    async def delete(self, message: TelegramMessage) -> None:
        self.place.deletes(message)

    async def stop(self) -> None:
        growing = [m for m in self.place.chat.messages.values() if STOP in m.buttons and m.topic == self.place.thread]
        if growing and not growing[-1].deleted:
            await self.place.presses(self.people[0], growing[-1], STOP)
        else:
            await self.place.says(self.people[0], "/stop@parley_bot")

    def bubbles(self) -> list[Bubble]:
        shown = [each for each in self.place.shown() if each.author == "Parley" and not each.draft]
        return [Bubble(each.text, any(STOP in row for row in each.buttons)) for each in shown]

    def _to_bot(self, text: str) -> str:
        return text if self.place.chat.private else f"@parley_bot {text}"


@dataclass
class DiscordSpot:
    """Direct messages, a server's channel, or a thread."""

    name: str
    channel: Channel
    people: list[DiscordPerson]
    draw: random.Random
    lead: str = ""
    tells_of_deletion: bool = True

    async def say(self, text: str) -> DiscordMessage:
        return await self.channel.says(self.draw.choice(self.people), self.lead + text)

    async def edit(self, message: DiscordMessage, text: str) -> None:
        await self.channel.edits(message, self.lead + text)

    async def delete(self, message: DiscordMessage) -> None:
        await self.channel.deletes(message)

    async def stop(self) -> None:
        growing = [message for message in self.channel.bot_messages() if STOP in message.buttons]
        if growing:
            await self.people[0].presses(growing[-1], STOP, wait=False)
        else:
            await self.channel.says(self.people[0], self.lead + "/stop")

    def bubbles(self) -> list[Bubble]:
        return [Bubble(m.text, STOP in m.buttons) for m in self.channel.bot_messages() if m.type in (0, 19)]


@dataclass
class Stage:
    """Both platforms. `talks` has what was asked in each spot."""

    telegram: TelegramServer
    discord: DiscordServer
    sky: Sky
    watch: Watch
    spots: list[Spot] = field(default_factory=list)
    asked: dict[str, list[Asked]] = field(default_factory=dict)
    telling_again: bool = False

    def __post_init__(self) -> None:
        self._poll = self.telegram.world.updates.poll
        self.telegram.world.updates.poll = self._told  # type: ignore[method-assign]

    async def _told(self, offset: int, limit: int, seconds: float) -> list[Any]:
        """What getUpdates gives; while it tells again, each update comes twice, and chats come in any order."""
        updates = await self._poll(offset, limit, seconds)
        if not self.telling_again:
            return updates
        chats: dict[object, list[Any]] = {}
        for update in updates:
            chats.setdefault(chat_of(update), []).append(update)
        shuffled = list(chats.values())
        self.sky.draw.shuffle(shuffled)
        return [update for chat in shuffled for update in [*chat, *chat]]

    def talks(self, noted: Set[int]) -> list[Talk]:
        """All conversations as they stand now, for the checker. Only doubt that Parley's rows tell of (`noted`) is an
        excuse, and only where something happened that leaves it.
        """
        return [
            Talk(
                spot.name,
                self.asked.get(spot.name, []),
                spot.bubbles(),
                self._doubtful(spot.name, noted) if isinstance(spot, TelegramSpot) else set(),
            )
            for spot in self.spots
        ]

    def _doubtful(self, spot: str, noted: Set[int]) -> set[int]:
        """What stands there of a question that was edited may be told of in the row of either wording."""
        both = [{asked.number, asked.becomes} - {0} for asked in self.asked.get(spot, [])]
        return set().union(*(these for these in both if these & noted and these & self.watch.doubtful))

    def furnish(self, people: int, draw: random.Random) -> None:
        """Bring people in: half of them write to the bot in private in Telegram, a fifth do on Discord; the others meet
        in groups, topics, channels and threads.
        """
        forum: Group | None = None
        guild = self.discord.guild("Shop")
        while people > 0:
            number = len(self.spots)
            kind = ("private", "dm", "private", "topic", "private", "dm", "channel", "private", "group", "thread")[
                number % 10
            ]
            members = 1 if kind in ("private", "dm", "channel") else min(GROUP_OF, people)
            people -= members
            own = random.Random(draw.random())
            name = f"{kind} {number}"
            if kind in ("dm", "channel", "thread"):
                those = [self.discord.person(f"D{number}-{each}") for each in range(members)]
                self.spots.append(self._on_discord(kind, name, guild, those, own))
                continue
            persons = [self.telegram.person(f"T{number}-{each}") for each in range(members)]
            if kind == "private":
                place: Place = persons[0].private_chat()
            elif kind == "group":
                place = self.telegram.supergroup(f"G{number}", *persons)
            else:
                if forum is None or len(forum.chat.topics) >= 3:
                    forum = self.telegram.supergroup(f"F{number}", *persons, forum=True)
                place = forum.topic(f"topic {number}", persons[0])
            self.spots.append(TelegramSpot(name, place, persons, own))

    def _on_discord(
        self, kind: str, name: str, guild: Any, people: list[DiscordPerson], draw: random.Random
    ) -> DiscordSpot:
        for person in people:
            guild.joins(person)
        if kind == "dm":
            return DiscordSpot(name, people[0].dm(), people, draw)
        channel = guild.text_channel(name.replace(" ", "-"))
        mention = f"{self.discord.bot.mention} "
        if kind == "thread":
            from tests.support.discord_server import threads

            channel = threads.open_thread(channel, people[0], name)
        return DiscordSpot(name, channel, people, draw, mention)

    def see(self) -> None:
        """Take note of what Discord has shown, and forget the calls: a long run makes hundreds of thousands."""
        old = asyncio.get_running_loop().time() - 10.0
        for call in self.discord.front.calls:
            if isinstance(call.body, dict) and call.method in ("POST", "PATCH") and call.status == 200:
                self.watch.shown(str(call.body.get("content") or ""))
        self.discord.front.calls = [call for call in self.discord.front.calls if not call.status and call.at > old]
        self.telegram.world.calls = [call for call in self.telegram.world.calls if call.done_at is None]


@asynccontextmanager
async def stage(people: int, draw: random.Random, limits: bool) -> AsyncIterator[Stage]:
    """Both platforms, furnished. `limits`: they refuse by their published limits."""
    sky, watch = Sky(draw), Watch()
    telegram = TelegramServer(TOKEN, flood_limits=limits)
    discord = DiscordServer(DISCORD_TOKEN, rate_limits=limits, identify_interval=0.0)
    telegram.faults = TelegramWeather(sky, watch)
    discord.faults = discord.front.faults = DiscordWeather(sky, watch)
    async with telegram, discord:
        made = Stage(telegram, discord, sky, watch)
        made.furnish(people, draw)
        seeing = asyncio.create_task(_keep_seeing(made))
        try:
            yield made
        finally:
            seeing.cancel()


async def _keep_seeing(made: Stage) -> None:
    while True:
        made.see()
        await asyncio.sleep(0.1)


__all__ = ["DISCORD_TOKEN", "DiscordSpot", "Spot", "Stage", "TelegramSpot", "stage"]
