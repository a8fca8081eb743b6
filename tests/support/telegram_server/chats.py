"""Chats: who is in them, what was written, and what the bot may do there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.support.telegram_server.clock import Bell
from tests.support.telegram_server.errors import ApiError, bad_request, forbidden
from tests.support.telegram_server.messages import DRAFT_SECONDS, Draft, Json, Message, User

TYPING_SECONDS = 5.0


@dataclass(slots=True)
class Scene:
    """What the bot was last seen doing in a chat, or in one of its topics.

    Attributes:
        acted_at: loop time of its last message, edit, draft or action.
        typing_until: loop time until which "typing …" is shown.
        answered: the number of the last change that a test has taken as an answer.
    """

    acted_at: float = 0.0
    typing_until: float = 0.0
    answered: int = 0


@dataclass(slots=True, eq=False)
class Chat:
    """A private chat, a group or a supergroup.

    Attributes:
        bell: rung when the bot did something here; the world's rings for everything.
        members: status by user id: ``creator``, ``administrator``, ``member``, ``left``, ``kicked``.
        topics: names of a forum's topics by thread id.
        bot_status: the bot's own status; ``kicked`` in a private chat means that the person blocked it.
        moved_to: the supergroup that a group became.
        last_id: a supergroup's last message id, where 1 is that it was made, so that no topic is 1, which means
            General; elsewhere ids are the bot's, over all of its chats.
    """

    id: int
    type: str
    title: str | None = None
    person: User | None = None
    username: str | None = None
    forum: bool = False
    messages: dict[int, Message] = field(default_factory=dict)
    drafts: dict[int, Draft] = field(default_factory=dict)
    members: dict[int, str] = field(default_factory=dict)
    users: dict[int, User] = field(default_factory=dict)
    topics: dict[int, str] = field(default_factory=dict)
    closed_topics: set[int] = field(default_factory=set)
    scenes: dict[int | None, Scene] = field(default_factory=dict)
    bot_status: str = "member"
    moved_to: int | None = None
    last_id: int = 1
    bell: Bell = field(default_factory=Bell)

    @property
    def private(self) -> bool:
        """Between one person and the bot."""
        return self.type == "private"

    @property
    def instance(self) -> str:
        """``chat_instance``: stays the same for a chat, and tells nothing of its id."""
        return str(7_000_000_000_000 + hash(self.id) % 999_983)

    def to_json(self) -> Json:
        """A ``Chat``."""
        body: Json = {"id": self.id, "type": self.type}
        if self.person is not None:
            body["first_name"] = self.person.first_name
            if self.person.username:
                body["username"] = self.person.username
            return body
        body["title"] = self.title
        if self.username:
            body["username"] = self.username
        if self.forum:
            body["is_forum"] = True
        return body

    def scene(self, topic: int | None) -> Scene:
        """What goes on in a topic, or in a chat that has none."""
        return self.scenes.setdefault(topic, Scene())

    def live_drafts(self, now: float) -> list[Draft]:
        """Drafts that are still seen, oldest first."""
        return [draft for draft in self.drafts.values() if now - draft.at < DRAFT_SECONDS]

    def find(self, message_id: Any, missing: str) -> Message:
        """A message that is not deleted.

        Raises:
            ApiError: 400 with ``missing`` as its words.
        """
        message = self.messages.get(message_id) if isinstance(message_id, int) else None
        if message is None or message.deleted:
            raise bad_request(missing)
        return message

    def check_open(self) -> None:
        """That the bot may write here.

        Raises:
            ApiError: 403 where it was blocked or put out; 400 where the group has moved.
        """
        if self.moved_to is not None:
            raise ApiError(
                400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=self.moved_to
            )
        if self.bot_status == "kicked":
            kind = "supergroup" if self.type == "supergroup" else "group"
            reason = "bot was blocked by the user" if self.private else f"bot was kicked from the {kind} chat"
            raise forbidden(reason)
        if self.bot_status == "left":
            kind = "supergroup" if self.type == "supergroup" else "group"
            raise forbidden(f"bot is not a member of the {kind} chat")

    def check_topic(self, thread: Any) -> int | None:
        """The topic that a thread id names, None for none.

        Raises:
            ApiError: 400 where there is no such topic (General has no id that a bot may name), or it is closed.
        """
        if thread is None:
            return None
        if not self.forum or thread not in self.topics:
            raise bad_request("message thread not found")
        if thread in self.closed_topics and self.bot_status != "administrator":
            raise bad_request("TOPIC_CLOSED")
        return int(thread)
