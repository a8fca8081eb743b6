"""The Telegram channel at work: the real application, reception and skills, against the server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.channels.telegram.adapter import TelegramChannel
from bot.channels.telegram.timing import Timing
from bot.delivery.access import AccessOptions, Gate
from bot.delivery.conductor import Conductor
from bot.delivery.ports import Pace
from bot.delivery.reception import Reception
from bot.delivery.retrying import Patience
from bot.dialogue.skill_book import SkillBook
from bot.domain import Completed, Event, Outcome, Reply, TextDelta
from bot.doors.knowledge import KnowledgeDoor
from bot.doors.library import LibraryDoor
from bot.doors.people import PeopleDoor
from bot.ports import Models, Texts
from bot.settings.channels import TelegramSettings, WebhookSettings
from bot.skills import SkillMatch, SkillRequest, Toolbox
from bot.storage.memory import MemoryStorage
from retrieval.embedding.hashed import HashedEmbedder
from retrieval.ingest import Ingestor
from retrieval.memory import MemoryKnowledgeStore
from retrieval.search import Searcher
from tests.support.desk import Desk
from tests.support.doubles import NoModels
from tests.support.shop import ARTICLE, FAQ
from tests.support.telegram_server import TOKEN, Message, TelegramServer

QUICK = Pace(chat=(1000, 1.0), overall=(1000, 1.0), burst=100, edit_every=0.01, draft_every=0.01, settling=0.0)
SOON = Timing(poll=5.0, first_pause=0.02, longest_pause=0.1, conflict_pause=0.05, slow_pause=0.02, hint_every=0.0)
AT_ONCE = Patience(longest=20.0, first=0.01, most=0.05)


def shop(home: Path) -> tuple[KnowledgeDoor, LibraryDoor]:
    """A small shop's knowledge base, and its library, over one store."""
    store, embedder = MemoryKnowledgeStore(), HashedEmbedder()
    ingestor, searcher = Ingestor(store, embedder), Searcher(store, embedder)
    for source, text in (("faq.yaml", FAQ), ("shipping.md", ARTICLE)):
        assert all(outcome.reason is None for outcome in ingestor.add_bytes(source, text.encode()))

    library = LibraryDoor(store, lambda: ingestor, searcher.refresh, home / "undo")
    return KnowledgeDoor(searcher, embedder), library


class Author:
    """The skill `chat`, which writes what a test says: `pieces` one after the other, then, if `held`, no more until
    `go` is called. Without pieces it says the text again. What is put into `dictation` is written piece by piece, until
    None comes.
    """

    name = "chat"
    commands: tuple[str, ...] = ("chat",)

    def __init__(self) -> None:
        self.pieces: Sequence[str] = ()
        self.notice = ""
        self.held = False
        self.requests: list[SkillRequest] = []
        self.dictation: asyncio.Queue[str | None] | None = None
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
        pieces = list(self.pieces) or [f"You said: {request.text}"]
        if self.dictation is not None:
            pieces = []
            while (piece := await self.dictation.get()) is not None:
                pieces.append(piece)
                yield TextDelta(piece)
            yield Completed(Reply("".join(pieces), self.name, Outcome.GENERATED, request.language))
            return
        for number, piece in enumerate(pieces):
            yield TextDelta(piece)
            if self.held and number == len(pieces) // 2:
                self._going.clear()
                await self._going.wait()
            await asyncio.sleep(0)
        yield Completed(Reply("".join(pieces), self.name, Outcome.GENERATED, request.language, notice=self.notice))


@dataclass
class Bench:
    """A server and what talks to it. `start` and `crash` may be repeated: what is kept stays."""

    server: TelegramServer
    home: Path
    settings: dict[str, Any] = field(default_factory=dict)
    access: AccessOptions = field(default_factory=lambda: AccessOptions(per_minute=0))
    default_skill: str = "chat"
    pace: Pace = QUICK
    timing: Timing = SOON
    token: str = TOKEN
    desk: Desk = field(init=False)
    given: Desk | None = None
    models: Models = field(default_factory=NoModels)

    def __post_init__(self) -> None:
        self.author = Author()
        installed = [skill for skill in SkillBook.installed() if skill.name != "chat"]
        self.knowledge, self.library = shop(self.home)
        storage = MemoryStorage()
        self.desk = self.given or Desk(
            [*installed, self.author],
            storage=storage,
            people=PeopleDoor(storage, Gate(storage).confirm),
            knowledge=self.knowledge,
            library=self.library,
            default_skill=self.default_skill,
            models=self.models,
        )
        self.storage = self.desk.storage
        self.told: list[str] = []
        self._running: asyncio.Task[None] | None = None
        self.webhook: Mapping[str, Any] = {}

    async def start(self) -> None:
        """Start the channel, and wait until it takes updates. Raises what it raises."""
        self.channel = self.make()
        await self._run()

    async def restart_channel(self) -> None:
        """The same channel once more, as `parley serve` does it with one that broke."""
        await self._cancel()
        await self._run()

    async def _run(self) -> None:
        ready = asyncio.Event()
        self._running = asyncio.create_task(self.channel.run(ready.set))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait({self._running, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=10)
        waiting.cancel()
        if self._running.done():
            self._running.result()
        assert ready.is_set()

    def make(self) -> TelegramChannel:
        """A new process, as it were: nothing is left but storage and disk."""
        desk = self.desk
        gate = Gate(self.storage, self.access)
        self.reception = Reception(
            self.storage,
            desk.inbox,
            Conductor(self.storage, desk.manager),
            desk.texts,
            desk.languages,
            gate,
            patience=AT_ONCE,
        )
        settings = TelegramSettings(
            base_url=self.server.base_url,
            base_file_url=self.server.base_file_url,
            webhook=WebhookSettings(**self.webhook),
            **self.settings,
        )
        return TelegramChannel(
            settings,
            self.token,
            self.reception,
            texts=desk.texts,
            languages=desk.languages,
            home=self.home,
            max_file_mb=1.0,
            knowledge=self.knowledge,
            values=desk.tools.people.conversation_values,
            questions=self.library.questions,
            pace=self.pace,
            timing=self.timing,
            tell=self.told.append,
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

    async def kept(self, count: int, within: float = 10.0) -> None:
        """Wait until so many turns are kept in all."""

        async def enough() -> bool:
            return len(await self.turns()) >= count

        await eventually(enough, within)

    async def turns(self) -> list[Any]:
        """All turns, in the order in which they came."""
        state = self.storage._state  # the twin's own rows
        return sorted(state.turns.values(), key=lambda turn: turn.id)


def written(messages: Sequence[Message]) -> bool:
    """Whether an answer of one part is whole: while it grows, a button stops it."""
    return "⏹ Stop" not in messages[-1].buttons


async def eventually(holds: Callable[[], Any], within: float = 10.0) -> Any:
    """Look again and again until something holds; its value."""
    async with asyncio.timeout(within):
        while True:
            found = holds()
            found = await found if asyncio.iscoroutine(found) else found
            if found:
                return found
            await asyncio.sleep(0.005)


@asynccontextmanager
async def bench(home: Path, **options: Any) -> AsyncIterator[Bench]:
    """A bench whose channel runs."""
    async with TelegramServer() as server:
        server.finished = written
        made = Bench(server, home, **options)
        await made.start()
        try:
            yield made
        finally:
            await made.crash()
