"""From the library's objects to Parley's words. Everything here is pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from telegram import Chat, MaybeInaccessibleMessage, Message, MessageEntity, MessageReactionUpdated, ReactionTypeEmoji
from telegram import User as TelegramUser
from telegram.constants import ChatType, MessageEntityType

from bot.domain import Channel, File, Incoming, Opinion, Origin, User

_LOCALE = re.compile(r"[a-z]{2,3}")
_AFTER_MENTION = " \t\n,:;，：；"
_OPINIONS = {"👍": Opinion.GOOD, "👎": Opinion.BAD}


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Place:
    """A chat, or a topic of one: a conversation of its own. `topic` is 0 where there is none."""

    chat: int
    topic: int
    group: bool

    def conversation(self, bot: int | str) -> str:
        """The conversation's id."""
        return f"telegram:{bot}:{self.chat}" + (f":{self.topic}" if self.topic else "")

    def address(self) -> dict[str, str | int]:
        """What an outlet needs to be built from."""
        return {"chat": self.chat, "topic": self.topic, "group": int(self.group)}


def chat_of(conversation_id: str) -> int:
    """The chat of a conversation."""
    return int(conversation_id.split(":")[2])


@dataclass(frozen=True, slots=True)
class Quoted:
    """The message that another one replies to; empty where there is none."""

    text: str = ""
    ours: bool = False


def place(message: MaybeInaccessibleMessage) -> Place | None:
    """Where a message stands; None for a channel, whose posts nobody said to us."""
    if message.chat.type not in {ChatType.PRIVATE, ChatType.GROUP, ChatType.SUPERGROUP}:
        return None
    # In a group without topics the thread's id only tells which message was replied to. A message that is too old
    # for Telegram to show does not tell its topic.
    topic = message.message_thread_id if isinstance(message, Message) and message.is_topic_message else None
    return Place(message.chat.id, topic or 0, message.chat.type != ChatType.PRIVATE)


def person(message: Message) -> User | None:
    """Who said it: a person, an anonymous admin (by the group's id) or a channel; None for bots and for nobody."""
    if message.is_automatic_forward:  # a channel's post that Telegram copies to its discussion group
        return None
    if message.sender_chat is not None:
        return _of_chat(message.sender_chat)
    return None if message.from_user is None else of_user(message.from_user)


def of_user(user: TelegramUser) -> User | None:
    """A person; None for a bot. A deleted account has no name, and the library gives None for it."""
    return None if user.is_bot else User(Channel.TELEGRAM, str(user.id), user.full_name or "")


def _of_chat(chat: Chat) -> User:
    return User(Channel.TELEGRAM, str(chat.id), chat.effective_name or "")


def said(message: Message) -> tuple[str, tuple[MessageEntity, ...]]:
    """The text or the caption, with its entities."""
    if message.text is not None:
        return message.text, tuple(message.entities)
    return message.caption or "", tuple(message.caption_entities)


def quoted(message: Message, me: Me) -> Quoted:
    """What the message replies to: the passage that was chosen, else the whole text."""
    reply = replied_to(message)
    chosen = message.quote.text if message.quote is not None else ""
    if reply is None:
        return Quoted(chosen)
    ours = reply.from_user is not None and reply.from_user.id == me.id
    return Quoted(chosen or said(reply)[0], ours)


def replied_to(message: Message) -> Message | None:
    """The message that this one replies to. In a topic every message hangs on the one that opened it: none of ours."""
    reply = message.reply_to_message
    return None if reply is None or reply.forum_topic_created is not None else reply


def locale(user: TelegramUser | None) -> str:
    """The language of the person's app, ISO 639-1; empty where Telegram does not say."""
    code = (user.language_code or "").partition("-")[0].lower() if user else ""
    return code if _LOCALE.fullmatch(code) else ""


def without_mentions(text: str, entities: tuple[MessageEntity, ...], me: Me) -> tuple[str, bool]:
    """The text without mentions of the bot, and whether there were any. Entities count in UTF-16 code units."""
    units = text.encode("utf-16-le", "surrogatepass")
    ours = [entity for entity in entities if _mentions(entity, units, me)]
    for entity in sorted(ours, key=lambda entity: -entity.offset):
        before, after = units[: 2 * entity.offset], units[2 * (entity.offset + entity.length) :]
        head, tail = (part.decode("utf-16-le", "ignore") for part in (before, after))
        tail = tail.lstrip(_AFTER_MENTION) if not head.strip() else tail
        units = _joined(head, tail).encode("utf-16-le", "surrogatepass")
    return units.decode("utf-16-le", "ignore").strip() if ours else text, bool(ours)


def _joined(head: str, tail: str) -> str:
    return head.rstrip(" ") + tail if head.endswith(" ") and tail.startswith((" ", "\n")) else head + tail


def _mentions(entity: MessageEntity, units: bytes, me: Me) -> bool:
    if entity.type == MessageEntityType.TEXT_MENTION:
        return entity.user is not None and entity.user.id == me.id
    if entity.type != MessageEntityType.MENTION:
        return False
    return cut(units, entity).casefold() == f"@{me.username}".casefold()


def cut(units: bytes, entity: MessageEntity) -> str:
    """The text of an entity, from a text in UTF-16-LE."""
    return units[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le", "ignore")


def incoming(
    message: Message,
    update_id: int,
    user: User,
    where: Place,
    me: Me,
    text: str,
    *,
    admin: bool,
    files: tuple[File, ...],
) -> Incoming:
    """The message as delivery takes it."""
    reply = quoted(message, me)
    origin = Origin(
        address=where.address(),
        message_id=str(message.message_id),
        quoted=reply.text,
        quoted_ours=reply.ours,
        files=files,
        locale=locale(message.from_user),
        group=where.group,
        admin=admin,
    )
    return Incoming(user, where.conversation(me.id), text, str(update_id), origin, str(me.id))


def opinion(reaction: MessageReactionUpdated) -> tuple[bool, Opinion | None]:
    """Whether a reaction is about an opinion at all, and which one it leaves."""
    new, old = (_emoji(found) for found in (reaction.new_reaction, reaction.old_reaction))
    left = next((_OPINIONS[each] for each in new if each in _OPINIONS), None)
    return left is not None or any(each in _OPINIONS for each in old), left


def _emoji(reactions: tuple[object, ...]) -> list[str]:
    return [each.emoji for each in reactions if isinstance(each, ReactionTypeEmoji)]
