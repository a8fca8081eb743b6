"""What is written into chats: messages, drafts, and how a person sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.telegram_server.entities import Entity

if TYPE_CHECKING:
    from tests.support.telegram_server.chats import Chat

Json = dict[str, Any]

DRAFT_SECONDS = 30.0


@dataclass(slots=True)
class User:
    """A person or a bot, as Telegram describes them."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False

    def to_json(self) -> Json:
        """A ``User``; what is not known is left out, not null."""
        user: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        if self.username:
            user["username"] = self.username
        if self.language_code and not self.is_bot:
            user["language_code"] = self.language_code
        return user


@dataclass(frozen=True, slots=True)
class Document:
    """A file that lies on the server."""

    file_id: str
    name: str
    mime: str
    data: bytes = field(repr=False)
    path: str

    def to_json(self) -> Json:
        """A ``Document``."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.file_id[-12:],
            "file_name": self.name,
            "mime_type": self.mime,
            "file_size": len(self.data),
        }


@dataclass(slots=True, eq=False)
class Message:
    """A message in a chat, of a person or of the bot.

    Attributes:
        text: the text, or the caption where there is a document.
        topic: the forum topic's thread, None outside of topics and in General.
        thread: ``message_thread_id`` as sent: the topic, or in other supergroups the message that a chain of
            replies began with.
        changed: the number of the bot's last change to the text, which grows over the whole server.
        service: fields of a service message.
    """

    chat: Chat
    id: int
    author: User
    date: int
    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    markup: Json | None = None
    reply_to: Message | None = None
    topic: int | None = None
    thread: int | None = None
    edit_date: int | None = None
    document: Document | None = None
    via_bot: User | None = None
    reactions: list[str] = field(default_factory=list)
    service: Json = field(default_factory=dict)
    deleted: bool = False
    changed: int = 0
    at: float = 0.0

    @property
    def buttons(self) -> list[str]:
        """The labels of its inline buttons, row after row."""
        rows = (self.markup or {}).get("inline_keyboard", [])
        return [button["text"] for row in rows for button in row]

    def to_json(self, *, nested: bool = False) -> Json:
        """A ``Message``; one that is nested tells nothing of what it replies to."""
        body: Json = {
            "message_id": self.id,
            "from": self.author.to_json(),
            "chat": self.chat.to_json(),
            "date": self.date,
        }
        if self.edit_date is not None:
            body["edit_date"] = self.edit_date
        if self.thread is not None:
            body["message_thread_id"] = self.thread
        if self.topic is not None:
            body["is_topic_message"] = True
        if self.via_bot is not None:
            body["via_bot"] = self.via_bot.to_json()
        if self.reply_to is not None and not self.reply_to.deleted and not nested:
            body["reply_to_message"] = self.reply_to.to_json(nested=True)
        body |= self._content() | self.service
        if self.markup is not None:
            body["reply_markup"] = self.markup
        return body

    def _content(self) -> Json:
        names = ("caption", "caption_entities") if self.document else ("text", "entities")
        body: Json = {"document": self.document.to_json()} if self.document else {}
        if self.text:
            body[names[0]] = self.text
        if self.entities:
            body[names[1]] = self.entities
        return body


@dataclass(frozen=True, slots=True)
class Draft:
    """What the bot is writing, as the person sees it grow; it fades after 30 seconds of loop time."""

    id: int
    text: str
    entities: list[Entity]
    at: float
    topic: int | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that a person sees in a chat.

    Attributes:
        author: the first name of who wrote it.
        buttons: the rows of inline buttons, by label.
        draft: it is still being written; it has no message id.
    """

    author: str
    text: str
    entities: tuple[Entity, ...] = ()
    buttons: tuple[tuple[str, ...], ...] = ()
    edited: bool = False
    draft: bool = False
    message_id: int | None = None
    reply_to: int | None = None
    document: str | None = None
    reactions: tuple[str, ...] = ()


def shown(message: Message) -> Shown:
    """A message as a person sees it."""
    rows = (message.markup or {}).get("inline_keyboard", [])
    reply = message.reply_to
    return Shown(
        author=message.author.first_name,
        text=message.text,
        entities=tuple(message.entities),
        buttons=tuple(tuple(button["text"] for button in row) for row in rows),
        edited=message.edit_date is not None,
        message_id=message.id,
        reply_to=reply.id if reply and not reply.service else None,
        document=message.document.name if message.document else None,
        reactions=tuple(message.reactions),
    )


def shown_draft(draft: Draft, author: str) -> Shown:
    """A draft as a person sees it."""
    return Shown(author=author, text=draft.text, entities=tuple(draft.entities), draft=True)
