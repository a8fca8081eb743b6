"""The Discord channel at work: the real client, reception and skills, against the server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.channels.discord.adapter import DiscordChannel
from bot.delivery.access import AccessOptions, Gate
from bot.delivery.conductor import Conductor
from bot.delivery.ports import Pace
from bot.delivery.reception import Reception
from bot.delivery.retrying import Patience
from bot.dialogue.skill_book import SkillBook
from bot.domain import Completed, Event, Outcome, Reply, TextDelta, Turn
from bot.ports import Models, Texts
from bot.settings.channels import DiscordSettings
from bot.skills import Skill, SkillMatch, SkillRequest, Toolbox
from tests.support.desk import Desk
from tests.support.discord_server import DiscordServer
from tests.support.discord_server.channels import Channel
from tests.support.discord_server.guilds import Guild
from tests.support.discord_server.messages import Message
from tests.support.discord_server.people import Person
from tests.support.doubles import NoModels
from tests.support.shelf import Shelf
from tests.support.shop import ARTICLE, FAQ

TOKEN = "secret-token"
QUICK = Pace(chat=(1000, 1.0), overall=(1000, 1.0), burst=100, edit_every=0.01, settling=0.0)
SOON = Patience(longest=20.0, first=0.01, most=0.05)


class Author:
    """The skill `chat`, which writes what a test says: `pieces` one after the other; while `held`, it stops half-way
    until `go` is called. Without pieces it says the text again.
    """

    name = "chat"
    commands: tuple[str, ...] = ("chat",)

    def __init__(self) -> None:
        self.pieces: Sequence[str] = ()
        self.held = False
        self.requests: list[SkillRequest] = []
        self._going = asyncio.Event()

    def go(self) -> None:
        """Write what is left."""
        self.held = False
        self._going.set()

    def describe(self, language: str, texts: Texts) -> str:
        return "/chat TEXT"

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest)

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        return None

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        self.requests.append(request)
        pieces = self.pieces or [f"You said: {request.text}"]
        for number, piece in enumerate(pieces):
            yield TextDelta(piece)
            if self.held and number == len(pieces) // 2:
                self._going.clear()
                await self._going.wait()
            await asyncio.sleep(0)
        yield Completed(Reply("".join(pieces), self.name, Outcome.GENERATED, request.language))


@dataclass
class Bench:
    """A server with a shop in it, and what talks to it. `start` and `crash` may be repeated: what is kept stays."""

    server: DiscordServer
    home: Path
    settings: dict[str, Any] = field(default_factory=dict)
    access: AccessOptions = field(default_factory=lambda: AccessOptions(per_minute=0))
    default_skill: str = "chat"
    pace: Pace = QUICK
    token: str = TOKEN
    extra: Sequence[Skill] = ()
    personas: Sequence[str] = ()
    models: Models = field(default_factory=NoModels)
    ready_timeout: float = 0.02  # seconds after the last server until the client counts as ready

    def __post_init__(self) -> None:
        self.guild: Guild = self.server.guild("Shop")
        self.support: Channel = self.guild.text_channel("support")
        self.alice: Person = self.server.person("Alice")
        self.bob: Person = self.server.person("Bob")
        for person in (self.alice, self.bob):
            self.guild.joins(person)
        self.author = Author()
        self.shelf = shelf = Shelf(self.home)
        installed = [skill for skill in SkillBook.installed() if skill.name != "chat"]
        skills: list[Skill] = [*installed, self.author, *self.extra]
        self.desk = Desk(
            skills,
            knowledge=shelf.knowledge,
            library=shelf.library,
            default_skill=self.default_skill,
            models=self.models,
        )
        self.storage = self.desk.storage
        self._running: asyncio.Task[None] | None = None

    async def stocks(self) -> None:
        """Fill the knowledge base."""
        for name, text in (("faq.yaml", FAQ), ("shipping.md", ARTICLE)):
            learned = await self.shelf.library.learn(self.shelf.file(name, text))
            assert learned.status == "added", learned

    @property
    def me(self) -> str:
        """The bot's mention."""
        return self.server.bot.mention

    async def start(self) -> None:
        """Start the channel, and wait until it is ready. Raises what it raises."""
        ready = asyncio.Event()
        self.channel = self.make()
        self._running = asyncio.create_task(self.channel.run(ready.set))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({self._running, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=10)
        waiting.cancel()
        if self._running.done():
            self._running.result()
        assert ready.is_set()

    def starting(self) -> asyncio.Task[None]:
        """Start the channel in the background."""
        return asyncio.create_task(self.start())

    def make(self) -> DiscordChannel:
        """A new process, as it were: nothing is left but storage and disk."""
        desk = self.desk
        self.reception = Reception(
            self.storage,
            desk.inbox,
            Conductor(self.storage, desk.manager),
            desk.texts,
            desk.languages,
            Gate(self.storage, self.access),
            patience=SOON,
        )
        return DiscordChannel(
            DiscordSettings(**{"api_base": self.server.api_base, "shards": 1, **self.settings}),
            self.token,
            self.reception,
            storage=self.storage,
            texts=desk.texts,
            languages=desk.languages,
            home=self.home,
            max_file_mb=1.0,
            knowledge=self.shelf.knowledge,
            personas=lambda: self.personas,
            pace=self.pace,
            guild_ready_timeout=self.ready_timeout,
        )

    async def ended(self) -> BaseException | None:
        """What the channel ended with by itself."""
        assert self._running is not None
        await asyncio.wait([self._running], timeout=10)
        assert self._running.done()
        return self._running.exception()

    async def stop(self) -> None:
        """End as `parley serve` does: what is being answered is finished first."""
        await self.reception.aclose(5.0)
        await self._cancel()

    async def crash(self) -> None:
        """End in the middle of everything."""
        await self._cancel()
        await self.reception.aclose(0.0)

    async def _cancel(self) -> None:
        if self._running is not None:
            self._running.cancel()
            with suppress(BaseException):
                await self._running

    async def ask(self, text: str, person: Person | None = None, where: Channel | None = None) -> Message:
        """Someone says it (Alice, in direct messages), and Parley answers with one message."""
        person = person or self.alice
        where = where or person.dm()
        await where.says(person, text)
        return await where.answer(where=spoken)

    def turns(self) -> list[Turn]:
        """All turns, in the order in which they came."""
        return sorted(self.storage._state.turns.values(), key=lambda turn: turn.id)  # the twin's own rows

    async def kept(self, count: int) -> None:
        """Wait until so many turns are kept in all."""
        await eventually(lambda: len(self.turns()) >= count)


def spoken(message: Message) -> bool:
    """Not one that Discord itself puts at the beginning of a thread."""
    return message.type != 21


async def eventually(holds: Callable[[], Any], within: float = 10.0) -> Any:
    """Look again and again until something holds; its value."""
    async with asyncio.timeout(within):
        while True:
            if found := holds():
                return found
            await asyncio.sleep(0.005)


@asynccontextmanager
async def bench(
    home: Path, start: bool = True, stocked: bool = False, server: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[Bench]:
    """A bench whose channel runs; `stocked` fills the knowledge base, `server` holds the server's options."""
    given = {"rate_limits": False, "settle": 0.05, "identify_interval": 0.0, **(server or {})}
    async with DiscordServer(TOKEN, **given) as discord:
        made = Bench(discord, home, **options)
        if stocked:
            await made.stocks()
        if start:
            await made.start()
        try:
            yield made
        finally:
            if start or made._running is not None:
                await made.crash()
