"""What a skill is, what it is given, and the tools that it may use.

A skill in a package of its own implements `Skill` and names its class in the entry-point group `parley.skills`:

    [project.entry-points."parley.skills"]
    word_count = "parley_word_count:WordCountSkill"
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.domain import Channel, Event, Message, Persona, Preferences, Turn
from bot.ports import Knowledge, LanguageTools, Library, Models, People, Personas, Texts, Writers
from bot.skills.absent import KnownWriters, NoLibrary, NoPeople, NoPersonas

LONGEST_ANSWER = 256  # tokens


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """How answers are made. A threshold that is None is the one calibrated for the knowledge base.

    `max_new_tokens` 0 leaves each skill its own. `privacy` is what the operator adds to `/privacy`.
    """

    top_k: int = 5
    curated_threshold: float | None = None
    answerable_threshold: float | None = None
    suggestions: int = 3
    max_new_tokens: int = 160
    temperature: float = 0.0
    profile: str = "embedded"
    privacy: str = ""

    def longest(self, own: int = LONGEST_ANSWER) -> int:
        """The longest text that a skill may have generated, in tokens: the operator's bound, else the skill's own."""
        return self.max_new_tokens or own


@dataclass(frozen=True, slots=True)
class SkillRequest:
    """One turn, as a skill sees it.

    `text` is what to work on (a command's word and options are already taken off, into `arguments`).
    `language` is the reply's; `text_language` the text's own. `history` is oldest first, without this turn; a quoted
    message that it lacks stands at its end, with the turn id 0. `turn` is None outside of a conversation. `attempt`
    counts the other answers that were asked for: a skill that generates gives another one.
    """

    text: str
    language: str
    text_language: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    history: Sequence[Message] = ()
    persona: Persona | None = None
    turn: Turn | None = None
    preferences: Preferences = field(default_factory=Preferences)
    attempt: int = 0

    @property
    def person(self) -> str:
        """Who asks, as engines tell people apart; empty outside of a conversation."""
        return str(self.turn.user_id) if self.turn is not None else ""

    @property
    def by_operator(self) -> bool:
        """Whether it comes from the machine that Parley runs on: who asks there can change the settings."""
        return self.turn is None or self.turn.channel is Channel.CONSOLE


@dataclass(frozen=True, slots=True)
class Toolbox:
    """What a skill may use. Everything in it keeps off the event loop by itself. `skills` are all that are installed,
    for those that tell of the others.
    """

    knowledge: Knowledge
    languages: LanguageTools
    models: Models
    texts: Texts
    options: AnswerOptions = field(default_factory=AnswerOptions)
    people: People = field(default_factory=NoPeople)
    library: Library = field(default_factory=NoLibrary)
    personas: Personas = field(default_factory=NoPersonas)
    writers: Writers = field(default_factory=KnownWriters)
    skills: Sequence[Skill] = ()


@dataclass(frozen=True, slots=True)
class SkillMatch:
    """A skill's claim on a text: how sure it is (0 to 1), and how it reads it.

    Where `text` is empty and `needs_text`, the dialogue puts in the text of the message's file, or what it quotes.
    """

    confidence: float
    text: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    needs_text: bool = True


class Skill(Protocol):
    """Something that can be done with a turn.

    `commands` are the words after the slash, the first one being shown in help. `parse` reads what stands after the
    command's word; it raises InvalidInput where that does not fit. `recognise` claims a plain text, or gives None.
    `run` yields events and ends with one Completed or Failed; the TextDelta of a run, joined, equal the reply's text.
    """

    name: str
    commands: tuple[str, ...]

    def describe(self, language: str, texts: Texts) -> str:
        """One line of help: how to use the command, and what it does."""
        ...

    def parse(self, rest: str) -> SkillMatch: ...

    def recognise(self, text: str, language: str) -> SkillMatch | None: ...

    def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]: ...
