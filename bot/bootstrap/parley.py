"""Parley's parts, each opened when it is first asked for, and closed in reverse order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bot.bootstrap.processes import Processes
from bot.bootstrap.reloading import reload_models
from bot.delivery.conductor import Conductor
from bot.delivery.inbox import Inbox
from bot.dialogue.manager import DialogueManager, DialogueOptions
from bot.dialogue.personas import load_persona
from bot.dialogue.router import Router
from bot.dialogue.skill_book import SkillBook
from bot.doors.embedding import EmbedderDoor
from bot.doors.knowledge import KnowledgeDoor
from bot.doors.languages import LanguageDoor
from bot.doors.library import LibraryDoor
from bot.doors.models import ModelsDoor, check_device, chosen_models, needed_models
from bot.doors.options import model_options
from bot.doors.people import PeopleDoor
from bot.doors.personas import PersonaBook
from bot.doors.reranking import RerankerDoor
from bot.doors.writers import WritersDoor
from bot.errors import ModelUnavailable, ParleyError, StorageError
from bot.examples_folder import example_folder, examples_folder
from bot.mistakes import why
from bot.settings import Settings
from bot.skills import AnswerOptions, Toolbox
from bot.storage import migrate
from bot.storage.sql import SqlStorage
from bot.texts.catalogue import FluentTexts
from models.errors import ModelError
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from bot.delivery.access import Gate
    from bot.delivery.reception import Reception
    from models.registry import Registry
    from retrieval.ingest import Ingestor
    from retrieval.ports import Embedder
    from retrieval.search import Searcher

log = logging.getLogger(__name__)


class Parley:
    """Everything, each part built when it is first asked for, so that a command pays only for what it uses."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.texts = FluentTexts()
        self.languages = LanguageDoor()

    def prepare(self, note: Callable[[str], None]) -> None:
        """Check what answering needs before the first question. Raises ModelUnavailable and StorageError."""
        missing = needed_models(self.settings)
        if missing:
            names = ", ".join(spec.name for spec in missing)
            raise ModelUnavailable(f"These models are not on this machine yet: {names}. Run: parley models fetch")
        check_device(self.settings)
        if migrate.current(self.settings.storage_url) is None:
            note("Creating the database …")
        assert self.store

    @cached_property
    def store(self) -> SqlStorage:
        """The database, brought to this version first where it is a file of our own. Raises StorageError."""
        url = self.settings.storage_url
        if url.startswith("sqlite"):
            migrate.upgrade(url)
        elif migrate.current(url) != migrate.head():
            raise StorageError("The database is not at this version's revision. Run: parley db upgrade")
        return SqlStorage(url)

    @cached_property
    def registry(self) -> Registry:
        from models.registry import Registry

        return Registry(
            model_options(self.settings),
            to_english={"zh": _to_english},
        )

    @cached_property
    def embedder(self) -> Embedder:
        """The profile's embedder; where it cannot read Chinese, the bilingual lexicon reads it in its place."""
        from retrieval.embedding.lexicon import LexiconEmbedder
        from retrieval.embedding.routed import RoutedEmbedder

        dense = EmbedderDoor(self.registry.embedder())
        if dense.languages & {"*", "zh"}:
            return dense
        return RoutedEmbedder(dense, LexiconEmbedder(dense))

    @cached_property
    def searcher(self) -> Searcher:
        from retrieval.search import Searcher

        return Searcher(
            self.store.knowledge,
            self.embedder,
            self.settings.index_dir,
            default_language=self.settings.dialogue.default_language,
            shared=self.store.knowledge.shared_vectors,
            reranker=RerankerDoor(reranker) if (reranker := self.registry.reranker()) else None,
        )

    @cached_property
    def ingestor(self) -> Ingestor:
        from retrieval.ingest import Ingestor

        settings = self.settings
        return Ingestor(
            self.store.knowledge,
            self.embedder,
            default_language=settings.dialogue.default_language,
            max_bytes=int(settings.knowledge.max_file_mb * 1_000_000),
        )

    @cached_property
    def skills(self) -> SkillBook:
        return SkillBook.installed()

    @cached_property
    def writers(self) -> WritersDoor:
        chosen_models(self.settings)  # a wrong name is said now
        return WritersDoor(self.registry, self.settings.dialogue.writing, self.settings.models_dir)

    @cached_property
    def tools(self) -> Toolbox:
        settings = self.settings
        options = AnswerOptions(
            top_k=settings.knowledge.top_k,
            curated_threshold=settings.knowledge.curated_threshold,
            answerable_threshold=settings.knowledge.answerable_threshold,
            suggestions=settings.dialogue.suggestions,
            max_new_tokens=settings.models.max_new_tokens,
            temperature=settings.models.temperature,
            profile=settings.models.profile,
            privacy=settings.dialogue.privacy,
        )
        return Toolbox(
            KnowledgeDoor(self.searcher, self.embedder),
            self.languages,
            ModelsDoor(self.registry),
            self.texts,
            options,
            people=self.people,
            library=self.library,
            personas=self.personas,
            writers=self.writers,
            skills=tuple(self.skills),
        )

    @cached_property
    def people(self) -> PeopleDoor:
        return PeopleDoor(self.store, self.gate.confirm, typed=self.settings.chat_history)

    @cached_property
    def library(self) -> LibraryDoor:
        settings = self.settings
        return LibraryDoor(
            self.store.knowledge,
            lambda: self.ingestor,
            lambda: self.searcher.refresh(),
            settings.home / "undo",
            max_bytes=int(settings.knowledge.max_file_mb * 1_000_000),
            default_language=settings.dialogue.default_language,
        )

    @cached_property
    def personas(self) -> PersonaBook:
        name = self.settings.dialogue.persona
        default = load_persona(_persona_path(name)) if name else None
        examples = examples_folder()
        return PersonaBook(default, (self.settings.home / "personas", *((examples,) if examples else ())))

    @cached_property
    def manager(self) -> DialogueManager:
        dialogue = self.settings.dialogue
        options = DialogueOptions(
            history_turns=dialogue.history_turns,
            language=dialogue.language,
            default_language=dialogue.default_language,
            persona=self.personas.get(None),
            mood=dialogue.mood,
        )
        return DialogueManager(self.store, Router(self.skills), self.tools, options)

    @cached_property
    def inbox(self) -> Inbox:
        from bot.delivery.rules import TurnRules

        turns = self.settings.turns
        rules = TurnRules(
            while_answering=turns.while_answering,
            join_within=timedelta(seconds=turns.join_seconds),
            old_after=timedelta(minutes=turns.old_minutes),
            expire=turns.old == "expire",
            attempts=turns.attempts,
            queue=turns.queue,
            queue_here=turns.queue_here,
            repeat=turns.in_doubt == "repeat",
        )
        return Inbox(self.store, self.settings.dialogue.max_message_chars, rules=rules)

    @cached_property
    def conductor(self) -> Conductor:
        return Conductor(self.store, self.manager)

    @cached_property
    def gate(self) -> Gate:
        from bot.delivery.access import AccessOptions, Gate

        access = self.settings.access
        options = AccessOptions(
            policy=access.policy,
            allow=frozenset(access.allow),
            ban=frozenset(access.ban),
            per_minute=access.per_minute,
            per_day=access.per_day,
        )
        return Gate(self.store, options)

    @cached_property
    def reception(self) -> Reception:
        from bot.delivery.reception import Reception

        default = self.settings.dialogue.default_language
        return Reception(
            self.store,
            self.inbox,
            self.processes.conductor or self.conductor,
            self.texts,
            self.languages,
            self.gate,
            default_language=default,
            queue=self.processes.queue,
        )

    @cached_property
    def processes(self) -> Processes:
        return Processes(self)

    def warm(self, tell: Callable[[str], None] | None = None) -> None:
        """Load what the first question needs, and say first which generators cannot write. What else goes wrong is told
        when it is asked, so nothing is told here.
        """
        try:
            if tell is not None:
                self._tell_faults(tell)
            self.searcher.refresh()
            self.searcher.search("?", full=True)
            if self.settings.models.warm:
                asyncio.run(self.registry.warm(self.settings.models.warm))
        except (ParleyError, ModelError, RetrievalError) as error:
            log.warning("nothing was loaded ahead: %s", why(error))

    async def reload_models(self) -> list[str]:
        """Read the models part of the settings anew, and swap what differs while Parley runs; gives lines for the
        operator. What cannot be swapped stays until the next start. Raises SettingsError, and then nothing changed.
        """
        lines, self.settings = await reload_models(self.settings, self.registry, self.writers)
        return lines

    def _tell_faults(self, tell: Callable[[str], None]) -> None:
        """As far as that is seen without loading them or asking their servers."""
        for spec in self.registry.specs("generate"):
            try:
                self.registry.check(spec)
            except ModelError as error:
                tell(f"{spec.name} cannot write; until that is mended, articles are quoted. {error}")

    async def aclose(self) -> None:
        """Close what was opened, in reverse order."""
        opened = self.__dict__
        if "registry" in opened:
            await self.registry.close()
        if "store" in opened:
            self.store.close()


def _to_english(text: str) -> str:
    from retrieval.embedding.lexicon import to_english

    return to_english(text)


def _persona_path(name: str) -> Path:
    """A file or folder where there is one, else an example's name."""
    path = Path(name).expanduser()
    return path if path.exists() or "/" in name else example_folder(name)
