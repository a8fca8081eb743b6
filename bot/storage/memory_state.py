"""What the in-memory twin keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime

from bot.domain import (
    AccessState,
    Attachment,
    Channel,
    Conversation,
    Message,
    Opinion,
    Preferences,
    SentPart,
    Turn,
    UnansweredQuestion,
    User,
)
from bot.errors import NotFound, TakenOver


@dataclass(frozen=True, slots=True)
class Said:
    """A message with what its row holds beside it; `details` is JSON (see `bot.storage.details`)."""

    conversation_id: str
    message: Message
    details: str = "{}"
    superseded: bool = False


@dataclass(slots=True)
class State:
    """All that is kept. The values are frozen, so a copy of the dictionaries is a copy of it all."""

    users: dict[int, User] = field(default_factory=dict)
    preferences: dict[int, Preferences] = field(default_factory=dict)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    values: dict[str, Mapping[str, str]] = field(default_factory=dict)
    turns: dict[int, Turn] = field(default_factory=dict)
    updates: dict[tuple[Channel, str, str], int] = field(default_factory=dict)
    messages: dict[int, Said] = field(default_factory=dict)
    parts: dict[tuple[int, int], SentPart] = field(default_factory=dict)
    attachments: dict[int, Attachment] = field(default_factory=dict)
    opinions: dict[tuple[int, int], tuple[Opinion, datetime]] = field(default_factory=dict)
    access: dict[int, tuple[AccessState, datetime, str]] = field(default_factory=dict)
    unanswered: dict[str, UnansweredQuestion] = field(default_factory=dict)
    given: list[int] = field(default_factory=lambda: [0])  # the last id that was given out

    def copy(self) -> State:
        return State(**{kept.name: getattr(self, kept.name).copy() for kept in fields(self)})

    def next_id(self) -> int:
        self.given[0] += 1
        return self.given[0]

    def turn(self, turn_id: int) -> Turn:
        """Raises NotFound."""
        turn = self.turns.get(turn_id)
        if turn is None:
            raise NotFound(f"There is no turn {turn_id}; its conversation may have been forgotten.")
        return turn

    def mine(self, turn_id: int, attempt: int) -> Turn:
        """The turn, if nobody has taken it up since. Raises NotFound and TakenOver."""
        turn = self.turn(turn_id)
        if turn.attempts != attempt:
            raise TakenOver(f"The turn {turn_id} was taken up by another.")
        return turn

    def person(self, user_id: int) -> User:
        """Raises NotFound."""
        user = self.users.get(user_id)
        if user is None:
            raise NotFound(f"There is no person {user_id}.")
        return user

    def drop_turns(self, ids: set[int]) -> int:
        """Take out turns with all that hangs on them; gives how many messages that were."""
        before = len(self.messages)
        self.turns = {id_: turn for id_, turn in self.turns.items() if id_ not in ids}
        self.updates = {key: id_ for key, id_ in self.updates.items() if id_ not in ids}
        self.messages = {id_: said for id_, said in self.messages.items() if said.message.turn_id not in ids}
        self.parts = {key: part for key, part in self.parts.items() if key[0] not in ids}
        self.attachments = {id_: file for id_, file in self.attachments.items() if id_ not in ids}
        self.opinions = {key: opinion for key, opinion in self.opinions.items() if key[0] not in ids}
        return before - len(self.messages)
