"""What storage keeps of talk: conversations with their messages, and questions without an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.domain import Channel, Conversation, Message, Turn, UnansweredQuestion


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
