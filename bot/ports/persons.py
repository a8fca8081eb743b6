"""What storage keeps of people: who they are, what they think of replies, whether they were let in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.domain import Access, AccessState, Channel, Conversation, Feedback, Message, Opinion, Preferences, User


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
