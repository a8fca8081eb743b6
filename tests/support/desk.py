"""A whole dialogue in memory: inbox, conductor and manager over in-memory storage."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from bot.delivery.conductor import Conductor
from bot.delivery.inbox import CONSOLE_USER, Inbox
from bot.dialogue.manager import DialogueManager, DialogueOptions
from bot.dialogue.router import Router
from bot.dialogue.skill_book import SkillBook
from bot.domain import Completed, Event, Failed, Origin, Reply, Turn, User
from bot.doors.languages import LanguageDoor
from bot.doors.people import PeopleDoor
from bot.ports import Knowledge, Library, Models, People, Personas, UnitOfWork, Writers
from bot.skills import AnswerOptions, Skill, Toolbox
from bot.skills.absent import KnownWriters, NoLibrary, NoPersonas
from bot.storage.memory import MemoryStorage
from bot.texts.catalogue import FluentTexts
from tests.support.doubles import EmptyKnowledge, NoModels


@dataclass(frozen=True)
class Seat:
    """Who says something, where, and what the channel tells of it."""

    user: User = CONSOLE_USER
    conversation: str = "console:test"
    origin: Origin = field(default_factory=Origin)


@dataclass
class Desk:
    """What a conversation test needs; `say` gives the reply, or the reason of a failure."""

    skills: list[Skill]
    knowledge: Knowledge = field(default_factory=EmptyKnowledge)
    models: Models = field(default_factory=NoModels)
    options: AnswerOptions = field(default_factory=AnswerOptions)
    dialogue: DialogueOptions = field(default_factory=DialogueOptions)
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    default_skill: str = "answer"
    people: People | None = None
    library: Library = field(default_factory=NoLibrary)
    personas: Personas = field(default_factory=NoPersonas)
    writers: Writers = field(default_factory=KnownWriters)

    def __post_init__(self) -> None:
        self.texts = FluentTexts()
        self.languages = LanguageDoor()
        book = SkillBook(self.skills)
        self.tools = Toolbox(
            self.knowledge,
            self.languages,
            self.models,
            self.texts,
            self.options,
            self.people or PeopleDoor(self.storage),
            self.library,
            self.personas,
            self.writers,
            tuple(book),
        )
        self.manager = DialogueManager(self.storage, Router(book, self.default_skill), self.tools, self.dialogue)
        self.inbox = Inbox(self.storage)
        self.conductor = Conductor(self.storage, self.manager)

    async def accept(self, text: str, seat: Seat) -> Turn:
        """Keep a turn as a channel's intake does, with its origin."""
        now = datetime.now(UTC)

        def keep(work: UnitOfWork) -> Turn:
            person = work.users.ensure(seat.user)
            work.conversations.ensure(seat.conversation, seat.user.channel, now)
            turn = Turn(seat.user.channel, seat.conversation, person.id, text, uuid4().hex, now, origin=seat.origin)
            return work.turns.accept(turn)[0]

        return await self.storage.run(keep)

    async def events(self, text: str, conversation: str = "console:test", seat: Seat | None = None) -> list[Event]:
        if seat is None:
            turn = await self.inbox.accept(CONSOLE_USER, conversation, text)
        else:
            turn = await self.accept(text, seat)
        async with aclosing(self.conductor.answer(turn)) as events:
            return [event async for event in events]

    async def reply(self, text: str, conversation: str = "console:test", seat: Seat | None = None) -> Reply:
        last = (await self.events(text, conversation, seat))[-1]
        assert isinstance(last, Completed), last
        return last.reply

    async def say(self, text: str, conversation: str = "console:test", seat: Seat | None = None) -> str:
        last = (await self.events(text, conversation, seat))[-1]
        assert isinstance(last, Completed | Failed)
        return last.reply.text if isinstance(last, Completed) else last.reason
