"""The door to what is kept of people: their settings, what they said, and who waits to be let in."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.domain import Access, Channel, Conversation, Message, Preferences, Turn, User
from bot.domain.mood import MOOD
from bot.errors import StorageError
from bot.ports import Storage, UnitOfWork

Confirm = Callable[[Channel, str], Awaitable[Access | None]]


def _now() -> datetime:
    return datetime.now(UTC)


class PeopleDoor:
    """`bot.ports.People` over storage. `confirm` lets a person in by their code; without it nobody waits. `typed` is
    the file of the lines that were typed in the terminal, if there is one.
    """

    def __init__(
        self,
        storage: Storage,
        confirm: Confirm | None = None,
        now: Callable[[], datetime] = _now,
        typed: Path | None = None,
    ) -> None:
        self._storage = storage
        self._confirm = confirm
        self._now = now
        self._typed = typed

    async def preferences(self, user_id: int) -> Preferences:
        return await self._storage.read(lambda work: work.users.preferences(user_id))

    async def set_preferences(self, user_id: int, preferences: Preferences) -> None:
        """Raises NotFound for an unknown person."""
        await self._storage.run(lambda work: work.users.set_preferences(user_id, preferences))

    async def forget(self, turn: Turn, everywhere: bool) -> int:
        """Raises StorageError."""
        if self._typed is not None and turn.channel is Channel.CONSOLE:
            await asyncio.to_thread(_empty, self._typed)
        return await self._storage.run(lambda work: _forgotten(work, turn, everywhere))

    async def export(self, user_id: int) -> bytes:
        """UTF-8 JSON, indented; times are ISO 8601."""
        return await self._storage.read(lambda work: _exported(work, user_id, self._now()))

    async def confirm(self, channel: Channel, code: str) -> User | None:
        access = await self._confirm(channel, code) if self._confirm else None
        return access.user if access else None

    async def conversation_values(self, conversation_id: str) -> Mapping[str, str]:
        return await self._storage.read(lambda work: work.conversations.values(conversation_id))

    async def set_conversation_values(self, conversation_id: str, values: Mapping[str, str]) -> None:
        """Raises NotFound for an unknown conversation."""
        await self._storage.run(lambda work: work.conversations.set_values(conversation_id, values))


def _empty(file: Path) -> None:
    """Emptied, not deleted: so it stays its owner's alone."""
    try:
        os.truncate(file, 0)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StorageError(f"{file} cannot be emptied ({error.strerror}). Delete it yourself.") from None


def _forgotten(work: UnitOfWork, turn: Turn, everywhere: bool) -> int:
    """Delete what was said, and the mood that was read from it."""
    places = {turn.conversation_id}
    if everywhere:
        places |= {conversation.id for conversation, _ in work.users.messages(turn.user_id)}
    for place in places:
        values = dict(work.conversations.values(place))
        if values.pop(MOOD, None) is not None:
            work.conversations.set_values(place, values)
    home = None if everywhere else turn.conversation_id
    return work.users.forget(turn.user_id, home, but_turn=turn.id)


def _exported(work: UnitOfWork, user_id: int, now: datetime) -> bytes:
    """Runs in the storage's thread: a long history takes its time."""
    person, access = work.users.get(user_id), work.access.get(user_id)
    preferences = work.users.preferences(user_id)
    content = {
        "format": "parley-export",
        "version": 1,
        "exported_at": now.isoformat(),
        "person": {
            "channel": person.channel.value if person else None,
            "id": person.external_id if person else None,
            "name": person.display_name if person else None,
        },
        "access": {"state": access.state.value, "since": access.since.isoformat()} if access else None,
        "settings": {
            "language": preferences.language,
            "persona": preferences.persona,
            "values": dict(preferences.values),
        },
        "conversations": _conversations(work, user_id),
        "opinions": [
            {"opinion": given.opinion.value, "at": given.given_at.isoformat(), "of": given.answer}
            for given in work.opinions.list(limit=None, user_id=user_id)
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2).encode()


def _conversations(work: UnitOfWork, user_id: int) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for conversation, message in work.users.messages(user_id):
        kept = found.setdefault(conversation.id, _conversation(conversation))
        kept["messages"].append(_message(message))
    return list(found.values())


def _conversation(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "channel": conversation.channel.value,
        "began_at": conversation.created_at.isoformat(),
        "messages": [],
    }


def _message(message: Message) -> dict[str, Any]:
    told: dict[str, Any] = {
        "role": message.role.value,
        "at": message.created_at.isoformat(),
        "text": message.text,
    }
    if message.citations:
        told["sources"] = [citation.title for citation in message.citations]
    return told
