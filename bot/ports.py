"""What Parley's inner rooms need from the outer ones: the doors, as Protocols.

The knowledge base's and the models' own values and Protocols come in through here, and nowhere else in `bot` but
`bootstrap` and `storage`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from bot.domain import (
    Access,
    AccessState,
    Channel,
    Conversation,
    Delivery,
    Doubt,
    Feedback,
    File,
    Message,
    Opinion,
    Persona,
    Preferences,
    Reply,
    SentPart,
    Turn,
    TurnState,
    UnansweredQuestion,
    User,
)
from models.errors import ModelError
from models.ports import Classifier, Generator, SentimentClassifier, Summariser, Translator
from models.types import (
    Caller,
    ChatMessage,
    Finished,
    FinishReason,
    GenerationRequest,
    Prediction,
    Summary,
    TextChunk,
    Translation,
    Waiting,
)
from retrieval.ports import KnowledgeStore
from retrieval.types import Document, DocumentKind, Hit, Passage, PassageRole, SearchResult, Thresholds

T = TypeVar("T")


class Users(Protocol):
    """People and what they set."""

    def ensure(self, user: User) -> User:
        """Find the person by (channel, external_id), or add them; gives them with their id."""
        ...

    def preferences(self, user_id: int) -> Preferences: ...

    def set_preferences(self, user_id: int, preferences: Preferences) -> None: ...

    def get(self, user_id: int) -> User | None: ...

    def messages(self, user_id: int) -> Sequence[tuple[Conversation, Message]]:
        """All that a person said, and the replies to it, oldest first: what `/export` gives."""
        ...

    def forget(self, user_id: int, conversation_id: str | None = None, but_turn: int = 0) -> int:
        """Delete a person's turns, with messages, replies, parts and feedback, in one conversation or in all;
        `but_turn` stays. Gives the number of messages deleted. Others' turns in the same group stay.
        """
        ...


class Conversations(Protocol):
    """Conversations and their messages."""

    def ensure(self, conversation_id: str, channel: Channel, now: datetime) -> Conversation: ...

    def get(self, conversation_id: str) -> Conversation | None: ...

    def recent(self, limit: int = 20) -> Sequence[Conversation]:
        """The conversations last written in, newest first."""
        ...

    def history(self, conversation_id: str, limit: int, user_id: int | None = None) -> Sequence[Message]:
        """The last `limit` messages, oldest first, without those of replaced turns. With `user_id` only that person's
        and the replies to them: in a group, people are told apart.
        """
        ...

    def values(self, conversation_id: str) -> Mapping[str, str]:
        """What was set for a conversation (for example when to answer in a group); empty for an unknown one."""
        ...

    def set_values(self, conversation_id: str, values: Mapping[str, str]) -> None:
        """Set all of them anew. Raises NotFound."""
        ...

    def with_people(self, channel: Channel, bot: str = "") -> Sequence[Turn]:
        """The latest turn of each conversation on a channel, newest first: where to look for what was missed."""
        ...

    def forget(self, conversation_id: str) -> int:
        """Delete a conversation with its turns and messages; gives the number of messages deleted."""
        ...


class Turns(Protocol):
    """Turns and what became of them."""

    def accept(self, turn: Turn) -> tuple[Turn, bool]:
        """Keep a turn and its message. A known (channel, bot, update_id) changes nothing and gives (the old, False)."""
        ...

    def get(self, turn_id: int) -> Turn | None: ...

    def start(self, turn_id: int, now: datetime) -> None: ...

    def finish(self, turn_id: int, reply: Reply, now: datetime) -> Message:
        """Keep the reply with its citations and mark the turn answered. A replaced turn keeps nothing: the message
        that it gives has the id 0.
        """
        ...

    def end(self, turn_id: int, state: TurnState, now: datetime, text: str = "", reason: str = "") -> None:
        """Mark a turn interrupted or failed, with the text that the person had seen until then."""
        ...

    def unfinished(self, conversation_id: str | None = None) -> Sequence[Turn]:
        """Accepted and working turns, everywhere or of one conversation, oldest first."""
        ...

    def reply(self, turn_id: int) -> Reply | None:
        """The kept reply, whole but for its data (and its attachment, once that was delivered); None while there is
        none, or only what a person saw before it was broken off.
        """
        ...

    def seen(self, turn_id: int) -> str:
        """What a person saw of a reply before it was broken off."""
        ...

    def replace(self, turn_id: int, now: datetime) -> None:
        """Mark a turn as replaced, in whatever state it is: its messages leave the history, its parts are another's."""
        ...

    def of_message(self, channel: Channel, bot: str, conversation_id: str, message_id: str) -> Turn | None:
        """The latest turn that the person's message with that platform id began."""
        ...

    def latest(self, conversation_id: str, user_id: int) -> Turn | None:
        """The person's last turn there that was not replaced."""
        ...

    def count_since(self, user_id: int, since: datetime) -> int:
        """How many turns the person has begun since then: for rate limits."""
        ...


class Deliveries(Protocol):
    """Turns on their way: who has taken them up, and how far the delivery of what came of them is."""

    def take_up(self, turn_id: int, now: datetime) -> Turn | None:
        """Begin to work on a turn, which is WORKING then unless it has ended, and count that: `attempts` of the turn
        that it gives is what its parts are changed with. None where there is nothing to do: it was forgotten, replaced,
        or all was delivered.
        """
        ...

    def waiting(self, channel: Channel, bot: str) -> Sequence[Turn]:
        """The turns of a channel for which something is yet to be done (`Turn.to_deliver`), oldest first."""
        ...

    def pending(self, limit: int = 100) -> Sequence[Turn]:
        """The same of all channels."""
        ...

    def before(self, turn_id: int) -> Sequence[Turn]:
        """The turns of the same conversation and bot that were accepted before and wait still, oldest first."""
        ...

    def backlog(self, conversation_id: str) -> tuple[int, int]:
        """How many unfinished turns there are that go to a platform: everywhere, and in the conversation."""
        ...

    def ended(self, turn_id: int, delivery: Delivery, attempt: int) -> None:
        """Note how the delivery ended; a kept attachment goes. Raises NotFound and TakenOver."""
        ...

    def handed_back(self, turn_id: int, attempt: int) -> None:
        """Note that the turn is let go on purpose, for another run: this attempt does not speak against it. Raises
        NotFound and TakenOver.
        """
        ...

    def stop(self, turn_id: int) -> None:
        """Note that the person wants no answer any more: whoever works on the turn, now or later, ends it."""
        ...

    def troubled(self, limit: int = 100) -> Sequence[Turn]:
        """The turns that failed or cannot be delivered, and those of which a part is in doubt, newest first; what was
        replaced is of no interest any more.
        """
        ...

    def again(self, turn_id: int) -> bool:
        """Have a turn answered that had failed, or delivered that could not be, as if nobody had tried before; False
        where there is none such.
        """
        ...


class Parts(Protocol):
    """The outbox: which parts of which reply stand on the platform.

    `attempt` is that of the turn as it was taken up (`Turns.take_up`): what a process notes whose turn another has
    taken up since raises TakenOver, and changes nothing. Changing a part of an unknown turn raises NotFound.
    """

    def sending(self, turn_id: int, position: int, attempt: int, hint: str = "") -> None:
        """Note that a part is about to be sent; one that is there already keeps its external id, but not its digest:
        until the call is back, what the platform shows is in doubt.
        """
        ...

    def sent(self, turn_id: int, position: int, attempt: int, external_id: str, digest: str) -> None: ...

    def failed(self, turn_id: int, position: int, attempt: int) -> None: ...

    def doubted(self, turn_id: int, position: int, attempt: int, doubt: Doubt) -> None:
        """Note what was done about a part of which nobody can tell whether it was sent."""
        ...

    def removed(self, turn_id: int, position: int, attempt: int) -> None:
        """Take out a part that stands on the platform no more."""
        ...

    def of_turn(self, turn_id: int) -> Sequence[SentPart]:
        """By position."""
        ...

    def take_over(self, old_turn: int, new_turn: int) -> None:
        """The parts of a replaced turn become those of the new one, to be edited; they follow those that it may have
        already. Raises NotFound.
        """
        ...

    def is_known(self, channel: Channel, bot: str, external_id: str) -> bool:
        """Whether a message with that id is a part of any reply of the bot."""
        ...

    def turn_of(self, channel: Channel, bot: str, conversation_id: str, external_id: str) -> Turn | None:
        """The turn whose reply has that message on the platform: what is replied to, or reacted on."""
        ...


class Opinions(Protocol):
    """What people think of replies."""

    def give(self, turn_id: int, user_id: int, opinion: Opinion | None, now: datetime) -> None:
        """Keep, change, or with None take back a person's opinion. Raises NotFound for an unknown turn."""
        ...

    def list(
        self, opinion: Opinion | None = None, limit: int | None = 100, user_id: int | None = None
    ) -> Sequence[Feedback]:
        """Newest first, with question and answer; those of one person where `user_id` is given. None: no limit."""
        ...


class AccessList(Protocol):
    """Who was let in, who waits, who is banned."""

    def get(self, user_id: int) -> Access | None: ...

    def set(self, user_id: int, state: AccessState, now: datetime, code: str = "") -> Access:
        """Keep a decision. Raises NotFound for an unknown person."""
        ...

    def remove(self, user_id: int) -> None: ...

    def by_code(self, channel: Channel, code: str) -> Access | None:
        """The PENDING entry with that pairing code."""
        ...

    def list(self, state: AccessState | None = None) -> Sequence[Access]:
        """Newest first."""
        ...


class Unanswered(Protocol):
    """Questions that the knowledge base could not answer."""

    def note(
        self, text: str, language: str, best_confidence: float, nearest_document: str | None, now: datetime
    ) -> None:
        """Add the question, or count it once more if the same was asked before (case and spaces aside)."""
        ...

    def list(self, limit: int = 100) -> Sequence[UnansweredQuestion]:
        """Most often asked first."""
        ...


class UnitOfWork(Protocol):
    """One transaction: all of it is kept, or none."""

    @property
    def users(self) -> Users: ...
    @property
    def conversations(self) -> Conversations: ...
    @property
    def turns(self) -> Turns: ...
    @property
    def deliveries(self) -> Deliveries: ...
    @property
    def unanswered(self) -> Unanswered: ...
    @property
    def parts(self) -> Parts: ...
    @property
    def opinions(self) -> Opinions: ...
    @property
    def access(self) -> AccessList: ...


class Storage(Protocol):
    """Where everything is kept. `run` does its work in a thread of its own and commits when the function returns."""

    async def run(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run a function in one transaction, off the event loop. An exception rolls back. Raises StorageError."""
        ...

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        """Like `run` for work that only reads: it never waits for a writer. A write raises StorageError."""
        ...

    @property
    def knowledge(self) -> KnowledgeStore: ...

    def close(self) -> None: ...


class Knowledge(Protocol):
    """Search in the knowledge base, off the event loop."""

    async def search(self, query: str, k: int = 5, language: str | None = None) -> SearchResult:
        """Raises KnowledgeError."""
        ...

    async def similarity(self, texts: Sequence[str], others: Sequence[str]) -> list[list[float]]:
        """Cosines of each text with each of the others, by the embedder; 0 where it cannot read one of them."""
        ...


@dataclass(frozen=True, slots=True)
class GlossedWord:
    """A word with its reading (pinyin with tone marks, empty for English) and its senses in the other language."""

    word: str
    reading: str
    senses: tuple[str, ...]


class LanguageTools(Protocol):
    """What Parley knows of languages without a model. Language codes are ISO 639-1."""

    def detect(self, text: str, default: str = "en", among: Sequence[str] = ()) -> str:
        """A text's language; `default` where it does not tell. `among` are the languages that are spoken here: a short
        text is in one of them.
        """
        ...

    def sentences(self, text: str, language: str) -> Sequence[tuple[int, int]]:
        """Offsets of the sentences of a text, in order."""
        ...

    def content_words(self, text: str, language: str) -> Sequence[str]:
        """Normalised words (stems where the language has a stemmer) without stop words, in order."""
        ...

    def gloss(self, text: str, source: str, target: str) -> Sequence[GlossedWord]:
        """Word-by-word gloss; empty where there is no dictionary for the pair."""
        ...


class Models(Protocol):
    """The models of the chosen profile, each loaded at its first use. All raise ModelUnavailable."""

    async def generator(self) -> Generator: ...

    async def translator(self, source: str, target: str) -> Translator: ...

    async def sentiment(self) -> SentimentClassifier: ...

    async def classifier(self) -> Classifier: ...

    async def summariser(self) -> Summariser: ...


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was refused: the sentence's id in the message catalogue, with what stands in its places. `line` of
    the file counts from 1 where it is known.
    """

    text_id: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """What became of a file that an admin gave to the knowledge base. `status` is added, replaced, unchanged or
    refused; `reasons` say why it, or some of its rows, were refused, and `more` that there are further ones. `title`,
    `language` and `preview` are of the first document that was read; `documents` and `passages` count those that are
    new or changed.
    """

    name: str
    status: str
    documents: int = 0
    passages: int = 0
    preview: str = ""
    reasons: Sequence[Reason] = ()
    more: bool = False
    undo: str = ""  # a key for `Library.undo`, empty where nothing changed
    title: str = ""
    language: str = ""


class Library(Protocol):
    """Reading files, and adding them to the knowledge base, off the event loop."""

    async def read(self, file: File) -> str:
        """The text of a file. Raises InvalidInput for one that cannot be read."""
        ...

    async def learn(self, file: File) -> Learned:
        """Add a file's documents and make them searchable. Raises KnowledgeError."""
        ...

    async def undo(self, key: str) -> bool:
        """Bring back what was there before; False when the key is not known (any more)."""
        ...

    async def entry(self, document_id: str) -> Document | None:
        """A document by its id: deep links name FAQ entries."""
        ...

    async def questions(self, language: str, limit: int) -> Sequence[str]:
        """Questions of FAQ entries to begin with, in the language if there are any; the same ones every time."""
        ...


class People(Protocol):
    """What the skills about a person's own data need, off the event loop."""

    async def preferences(self, user_id: int) -> Preferences: ...

    async def set_preferences(self, user_id: int, preferences: Preferences) -> None: ...

    async def forget(self, turn: Turn, everywhere: bool) -> int:
        """Delete what the person said and was told, here or everywhere, but this turn; gives how many messages."""
        ...

    async def export(self, user_id: int) -> bytes:
        """All that is kept of a person, as JSON."""
        ...

    async def confirm(self, channel: Channel, code: str) -> User | None:
        """Let the person in who waits with that pairing code; None where nobody does."""
        ...

    async def conversation_values(self, conversation_id: str) -> Mapping[str, str]: ...

    async def set_conversation_values(self, conversation_id: str, values: Mapping[str, str]) -> None: ...


class Personas(Protocol):
    """The personas that the operator offers."""

    def names(self) -> Sequence[str]: ...

    def get(self, name: str | None) -> Persona | None:
        """By name; None gives the operator's default, if there is one."""
        ...


class Texts(Protocol):
    """Every sentence of Parley's own that a visitor can see, by its id, in the language of the visitor."""

    def __call__(self, text_id: str, language: str, /, **values: str | int | float) -> str: ...


__all__ = [
    "AccessList",
    "Caller",
    "ChatMessage",
    "Classifier",
    "Conversations",
    "Deliveries",
    "Document",
    "DocumentKind",
    "FinishReason",
    "Finished",
    "GenerationRequest",
    "Generator",
    "GlossedWord",
    "Hit",
    "Knowledge",
    "KnowledgeStore",
    "LanguageTools",
    "Learned",
    "Library",
    "ModelError",
    "Models",
    "Opinions",
    "Parts",
    "Passage",
    "PassageRole",
    "People",
    "Personas",
    "Prediction",
    "Reason",
    "SearchResult",
    "SentimentClassifier",
    "Storage",
    "Summariser",
    "Summary",
    "TextChunk",
    "Texts",
    "Thresholds",
    "Translation",
    "Translator",
    "Turns",
    "Unanswered",
    "UnitOfWork",
    "Users",
    "Waiting",
]
