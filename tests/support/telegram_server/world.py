"""Everything that the server knows, which outlives a restart of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.chats import Chat
from tests.support.telegram_server.clock import Bell, Clock
from tests.support.telegram_server.entities import Entity
from tests.support.telegram_server.errors import ApiError, bad_request
from tests.support.telegram_server.flood import Flood, Limits
from tests.support.telegram_server.messages import Document, Json, Message, User
from tests.support.telegram_server.updates import Updates

QUERY_SECONDS = 15.0


@dataclass(slots=True)
class Query:
    """A callback or inline query that waits for an answer.

    Attributes:
        expires_at: loop time after which an answer is refused.
        answer: the parameters that it was answered with.
    """

    id: str
    expires_at: float
    answer: Json | None = None


@dataclass(slots=True)
class Hook:
    """The webhook that is set; no url means none."""

    url: str = ""
    secret: str | None = None
    max_connections: int = 40
    last_error: str | None = None
    last_error_date: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What a person sent: for the record of a load run. ``at`` is loop time in seconds."""

    at: float
    chat_id: int
    topic: int | None
    person_id: int
    message_id: int
    text: str


@dataclass(slots=True)
class World:
    """People, chats, files, updates and calls.

    Attributes:
        sees_all: whether the bot gets every message of a group (privacy mode off).
        finished: what a test takes as a finished answer; None: when the bot has been quiet for a moment.
    """

    bot: User
    clock: Clock
    bell: Bell
    updates: Updates
    flood: Flood
    sees_all: bool = True
    finished: Callable[[list[Message]], bool] | None = None
    users: dict[int, User] = field(default_factory=dict)
    chats: dict[int, Chat] = field(default_factory=dict)
    files: dict[str, Document] = field(default_factory=dict)
    queries: dict[str, Query] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    hook: Hook = field(default_factory=Hook)
    calls: list[Call] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    changes: int = 0
    _numbers: int = 0
    _message_ids: int = 0

    def number(self) -> int:
        """A number that was not used before, for ids of people, groups, queries and files."""
        self._numbers += 1
        return self._numbers

    def change(self) -> int:
        """The number of a change that the bot makes to what is shown."""
        self.changes += 1
        return self.changes

    def chat(self, name: Any) -> Chat:
        """The chat that a call names by id or @username.

        Raises:
            ApiError: 400 where there is none that the bot knows.
        """
        if name in (None, ""):
            raise bad_request("chat_id is empty")
        chat = self.chats.get(name) if isinstance(name, int) else self._named(str(name))
        if chat is None:
            raise bad_request("chat not found")
        return chat

    def _named(self, name: str) -> Chat | None:
        groups = (chat for chat in self.chats.values() if not chat.private and chat.username)
        return next((chat for chat in groups if f"@{chat.username}".lower() == name.lower()), None)

    def charge(self, method: str, chat: Chat, *, draft: bool = False) -> None:
        """Count a call against the flood limits.

        Raises:
            ApiError: 429.
        """
        self.flood.charge(method, chat.id, group=not chat.private, draft=draft)

    def next_id(self, chat: Chat) -> int:
        """A message id: a supergroup's own, elsewhere the bot's over all of its chats, as on Telegram."""
        if chat.type == "supergroup":
            chat.last_id += 1
            return chat.last_id
        self._message_ids += 1
        return self._message_ids

    def write(
        self,
        chat: Chat,
        author: User,
        text: str = "",
        entities: list[Entity] | None = None,
        *,
        reply_to: Message | None = None,
        topic: int | None = None,
        document: Document | None = None,
        markup: Json | None = None,
        via_bot: User | None = None,
        service: Json | None = None,
    ) -> Message:
        """Put a message into a chat.

        What a person writes in a topic without replying carries the topic's first message as the one replied
        to, and a reply in another supergroup the thread that it continues: both as on Telegram.
        """
        thread = topic
        if topic is not None and reply_to is None:
            reply_to = chat.messages.get(topic)
        elif chat.type == "supergroup" and not chat.forum and reply_to is not None:
            thread = reply_to.thread or reply_to.id
        message = Message(
            chat,
            self.next_id(chat),
            author,
            self.clock.date(),
            text,
            entities or [],
            markup,
            reply_to,
            topic,
            thread,
            document=document,
            via_bot=via_bot,
            service=service or {},
            at=self.clock.now(),
        )
        chat.messages[message.id] = message
        if author is not self.bot:
            chat.users.setdefault(author.id, author)
        self.bell.ring()
        return message

    def acted(self, chat: Chat, topic: int | None, *, typing_for: float = 0.0) -> None:
        """Note that the bot did something that people see."""
        scene = chat.scene(topic)
        scene.acted_at = self.clock.now()
        scene.typing_until = scene.acted_at + typing_for
        chat.bell.ring()
        self.bell.ring()

    def store(self, name: str, data: bytes, mime: str) -> Document:
        """Keep a file, for getFile and the download that follows."""
        number = self.number()
        suffix = f".{name.rpartition('.')[2]}" if "." in name else ""
        document = Document(f"BQACAgIAAxkBAAI{number:08d}", name, mime, data, f"documents/file_{number}{suffix}")
        self.files[document.file_id] = document
        return document

    def ask(self, seconds: float = QUERY_SECONDS) -> Query:
        """A query that waits for its answer for so many seconds of loop time."""
        query = Query(str(4_000_000_000_000_000_000 + self.number()), self.clock.now() + seconds)
        self.queries[query.id] = query
        return query

    def note_refusal(self, call: Call, error: ApiError) -> None:
        """Count a 429 that a fault gave, beside those of the limits."""
        if error.code == 429:
            self.flood.refused[call.method, call.chat_id or 0] += 1


def new_world(bot: User, clock: Clock, limits: Limits | None, flood_limits: bool) -> World:
    """A world in which nobody is yet."""
    bell = Bell()
    return World(bot, clock, bell, Updates(clock, bell), Flood(clock, limits or Limits(), flood_limits))
