"""What skills are told about people, off the event loop: their own data, and who Parley is to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.domain import Channel, Persona, Preferences, Turn, User


class People(Protocol):
    """What the skills about a person's own data need, off the event loop."""

    async def preferences(self, user_id: int) -> Preferences: ...

    async def set_preferences(self, user_id: int, preferences: Preferences) -> None: ...

    async def forget(self, turn: Turn, everywhere: bool) -> int:
        """Delete what the person said and was told, here or everywhere, but this turn; gives how many messages."""
        ...

    async def export(self, user_id: int) -> bytes:
        """All that is kept of a person, as JSON."""
        ...

    async def confirm(self, channel: Channel, code: str) -> User | None:
        """Let the person in who waits with that pairing code; None where nobody does."""
        ...

    async def conversation_values(self, conversation_id: str) -> Mapping[str, str]: ...

    async def set_conversation_values(self, conversation_id: str, values: Mapping[str, str]) -> None: ...


class Personas(Protocol):
    """The personas that the operator offers."""

    def names(self) -> Sequence[str]: ...

    def get(self, name: str | None) -> Persona | None:
        """By name; None gives the operator's default, if there is one."""
        ...
