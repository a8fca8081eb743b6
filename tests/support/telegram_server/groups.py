"""Groups and supergroups: members, topics, and what becomes of the bot there."""

from __future__ import annotations

from dataclasses import dataclass

from tests.support.telegram_server.chats import Chat
from tests.support.telegram_server.messages import User
from tests.support.telegram_server.people import Person
from tests.support.telegram_server.places import Place
from tests.support.telegram_server.world import World


@dataclass(slots=True)
class Group(Place):
    """A group or supergroup that the bot is in. Of a forum, this is the General topic."""

    def topic(self, name: str, creator: Person | None = None) -> Place:
        """A topic of a forum, opened where there is none of the name. Its first message is a service message, which
        all others there refer to."""
        if not self.chat.forum:
            raise ValueError("Only a forum has topics: server.supergroup(title, forum=True).")
        for number, title in self.chat.topics.items():
            if title == name:
                return Place(self.world, self.chat, number)
        made = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        message = self.world.write(self.chat, creator.user if creator else self._owner(), service=made)
        self.chat.topics[message.id] = name
        message.topic = message.thread = message.id
        self.world.updates.push("message", message.to_json())
        return Place(self.world, self.chat, message.id)

    def closes_topic(self, place: Place) -> None:
        """Nobody but administrators may write there any more."""
        assert place.thread is not None
        self.chat.closed_topics.add(place.thread)

    async def joins(self, person: Person) -> None:
        """Somebody comes; the bot is told by a service message."""
        self._count(person, "member")
        told = {"new_chat_members": [person.user.to_json()]}
        message = self.world.write(self.chat, person.user, service=told)
        self.world.updates.push("message", message.to_json())

    async def leaves(self, person: Person) -> None:
        """Somebody goes."""
        self._count(person, "left")
        message = self.world.write(self.chat, person.user, service={"left_chat_member": person.user.to_json()})
        self.world.updates.push("message", message.to_json())

    def promotes(self, person: Person) -> None:
        """Make somebody an administrator."""
        self._count(person, "administrator")

    def promotes_bot(self) -> None:
        """Make the bot an administrator; then privacy mode no longer holds."""
        self.chat.bot_status = "administrator"

    def removes_bot(self, by: Person) -> None:
        """Put the bot out; it learns so by ``my_chat_member``, and by 403 when it writes."""
        before, self.chat.bot_status = self.chat.bot_status, "kicked"
        self.tell_of_bot(by, before, "kicked")

    def adds_bot(self, by: Person) -> None:
        """Let the bot in again."""
        before, self.chat.bot_status = self.chat.bot_status, "member"
        self.tell_of_bot(by, before, "member")

    async def becomes_supergroup(self) -> Group:
        """The group moves to a new id; who writes to the old one is told where it went."""
        old = self.chat
        new = Chat(supergroup_id(self.world), "supergroup", old.title, members=dict(old.members), users=dict(old.users))
        self.world.chats[new.id] = new
        owner = self._owner()
        away = self.world.write(old, owner, service={"migrate_to_chat_id": new.id})
        here = self.world.write(new, owner, service={"migrate_from_chat_id": old.id})
        old.moved_to = new.id
        self.world.updates.push("message", away.to_json())
        self.world.updates.push("message", here.to_json())
        return Group(self.world, new)

    def _owner(self) -> User:
        return next(self.chat.users[number] for number, status in self.chat.members.items() if status == "creator")

    def _count(self, person: Person, status: str) -> None:
        self.chat.users[person.id] = person.user
        self.chat.members[person.id] = status


def supergroup_id(world: World) -> int:
    """An id as supergroups have: beyond 32 bits, and negative."""
    return -1_001_500_000_000 - world.number()
