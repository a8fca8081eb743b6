"""Where people and the bot meet: a chat, or one topic of a forum, with what people do there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.telegram_server.answers import Answer, Done, Watch
from tests.support.telegram_server.chats import Chat
from tests.support.telegram_server.entities import Entity, accepted, cut, marked_up
from tests.support.telegram_server.messages import Document, Json, Message, Shown, shown, shown_draft
from tests.support.telegram_server.methods.about_chats import member_json
from tests.support.telegram_server.world import Query, Sent, World

if TYPE_CHECKING:
    from tests.support.telegram_server.people import Person


@dataclass(slots=True)
class Press:
    """A button that was pressed."""

    world: World = field(repr=False)
    query: Query

    @property
    def toast(self) -> str | None:
        """What the bot showed on it, "" for nothing; None while it has not answered."""
        return None if self.query.answer is None else str(self.query.answer.get("text") or "")

    async def answered(self, within: float = 10.0) -> str:
        """Wait until the button stops to spin; what was shown.

        Raises:
            TimeoutError: not within ``within`` seconds of loop time.
        """
        await self.world.bell.until(lambda: self.query.answer is not None, within, "an answer to a pressed button")
        return self.toast or ""

    def expires(self) -> None:
        """The bot is too late: its answer is refused from now on."""
        self.query.expires_at = float("-inf")


@dataclass(slots=True)
class Place:
    """A chat or a topic. What sends an update is awaited; what the bot is not told of is not."""

    world: World = field(repr=False)
    chat: Chat
    thread: int | None = None

    @property
    def id(self) -> int:
        """The chat's id."""
        return self.chat.id

    async def says(
        self,
        person: Person,
        text: str,
        *,
        entities: list[Entity] | None = None,
        reply_to: Message | None = None,
        document: Document | None = None,
    ) -> Message:
        """Write a message. Commands, mentions and addresses are marked, unless entities are given."""
        if self.chat.private and self.chat.bot_status == "kicked":
            raise RuntimeError(f"{person.user.first_name} has blocked the bot: call unblocks_bot() first.")
        text, marked = accepted(*marked_up(text)) if entities is None else accepted(text, entities)
        if not self.chat.private:
            self.chat.members.setdefault(person.id, "member")
        message = self.world.write(
            self.chat, person.user, text, marked, reply_to=reply_to, topic=self.thread, document=document
        )
        now = self.world.clock.now()
        self.world.sent.append(Sent(now, self.id, self.thread, person.id, message.id, text))
        if self.reaches_bot(message):
            self.world.updates.push("message", message.to_json())
        return message

    async def replies(self, person: Person, message: Message, text: str) -> Message:
        """Answer a message of the bot, or of somebody else."""
        return await self.says(person, text, reply_to=message)

    async def edits(self, message: Message, text: str) -> Message:
        """Its author changes a message."""
        message.text, message.entities = accepted(*marked_up(text))
        message.edit_date = self.world.clock.date()
        if self.reaches_bot(message):
            self.world.updates.push("edited_message", message.to_json())
        return message

    def deletes(self, message: Message) -> None:
        """Take a message away; Telegram does not tell bots."""
        message.deleted = True
        self.world.bell.ring()

    async def presses(self, person: Person, message: Message, label: str) -> Press:
        """Press an inline button, named by its label or a part that only one label has.

        Raises:
            LookupError: there is no such button, several are, or the message is gone.
        """
        data = _button(message, label).get("callback_data")
        if data is None:
            raise LookupError(f"The button {label!r} opens something; it does not call the bot.")
        query = self.world.ask()
        told = {
            "id": query.id,
            "from": person.user.to_json(),
            "message": message.to_json(),
            "chat_instance": self.chat.instance,
            "data": data,
        }
        self.world.updates.push("callback_query", told)
        return Press(self.world, query)

    async def reacts(self, person: Person, message: Message, emoji: str) -> None:
        """Put an emoji on a message; the bot hears of it where it asked for ``message_reaction``."""
        told = {
            "chat": self.chat.to_json(),
            "message_id": message.id,
            "user": person.user.to_json(),
            "date": self.world.clock.date(),
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": emoji}],
        }
        self.world.updates.push("message_reaction", told)

    async def answer(self, within: float = 10.0, *, quiet: float = 0.3, done: Done | None = None) -> Answer:
        """The bot's next finished answer here: new messages, and those whose text it changed.

        It is finished when no draft is shown and ``done(messages)`` holds, or ``server.finished`` where that is
        set. Without either, it is when no "typing …" is shown and the bot did nothing for ``quiet`` seconds.

        Raises:
            TimeoutError: none within ``within`` seconds. All times are loop time.
        """
        return await self._watch().answer(within, quiet, done)

    async def silence(self, seconds: float = 0.3) -> None:
        """Wait so long, in loop time; AssertionError where the bot wrote something new."""
        await self._watch().silence(seconds)

    def shown(self) -> list[Shown]:
        """What a person sees now, oldest first; drafts are last."""
        watch = self._watch()
        seen = [shown(message) for message in self.chat.messages.values() if watch.covers(message)]
        drafts = self.chat.live_drafts(self.world.clock.now())
        return seen + [shown_draft(draft, self.world.bot.first_name) for draft in drafts]

    def typing(self) -> bool:
        """Whether "typing …" is shown."""
        return self.chat.scene(self.thread).typing_until > self.world.clock.now()

    def _watch(self) -> Watch:
        return Watch(self.world, self.chat, self.thread)

    def reaches_bot(self, message: Message) -> bool:
        """Whether the bot is told: where it is not in the group it is not, and in privacy mode only what is meant
        for it, which is commands, mentions, and replies to it."""
        if self.chat.bot_status in ("kicked", "left"):
            return False
        if self.chat.private or self.world.sees_all or self.chat.bot_status == "administrator":
            return True
        if message.reply_to is not None and message.reply_to.author is self.world.bot:
            return True
        return any(self._meant(cut(message.text, entity), entity) for entity in message.entities)

    def _meant(self, covered: str, entity: Json) -> bool:
        name = f"@{self.world.bot.username}".lower()
        if entity["type"] == "bot_command":
            return "@" not in covered or covered.lower().endswith(name)
        return entity["type"] == "mention" and covered.lower() == name

    def tell_of_bot(self, person: Person, before: str, after: str) -> None:
        """Send ``my_chat_member``: the bot's status has changed."""
        told = {
            "chat": self.chat.to_json(),
            "from": person.user.to_json(),
            "date": self.world.clock.date(),
            "old_chat_member": member_json(self.world.bot, before),
            "new_chat_member": member_json(self.world.bot, after),
        }
        self.world.updates.push("my_chat_member", told)


def _button(message: Message, label: str) -> Json:
    if message.deleted:
        raise LookupError("The message is deleted; nobody can press its buttons.")
    rows: list[list[Any]] = (message.markup or {}).get("inline_keyboard", [])
    buttons: list[Json] = [button for row in rows for button in row]
    exact = [button for button in buttons if button["text"] == label]
    found = exact or [button for button in buttons if label in button["text"]]
    if len(found) != 1:
        raise LookupError(f"{len(found)} buttons are labelled {label!r}, of {[button['text'] for button in buttons]}.")
    return found[0]
