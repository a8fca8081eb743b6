"""What stands in a toolbox where nobody put a tool: it knows nobody, reads nothing, offers no persona and lets
each model write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain import Channel, File, Persona, Preferences, Turn, User
from bot.errors import InvalidInput, SkillFailed
from bot.ports import Document, Learned, Reason


class NoPeople:
    """`bot.ports.People` where nothing is kept of anybody: reading gives nothing, keeping raises SkillFailed."""

    async def preferences(self, user_id: int) -> Preferences:
        return Preferences()

    async def set_preferences(self, user_id: int, preferences: Preferences) -> None:
        raise _nothing_is_kept()

    async def forget(self, turn: Turn, everywhere: bool) -> int:
        raise _nothing_is_kept()

    async def export(self, user_id: int) -> bytes:
        raise _nothing_is_kept()

    async def confirm(self, channel: Channel, code: str) -> User | None:
        return None

    async def conversation_values(self, conversation_id: str) -> Mapping[str, str]:
        return {}

    async def set_conversation_values(self, conversation_id: str, values: Mapping[str, str]) -> None:
        raise _nothing_is_kept()


class NoLibrary:
    """`bot.ports.Library` without a knowledge base: no file can be read, none is learned."""

    async def read(self, file: File) -> str:
        raise InvalidInput("Files cannot be read here.", text_id="file-not-here")

    async def learn(self, file: File) -> Learned:
        return Learned(file.name, "refused", reasons=[Reason("file-not-here")])

    async def undo(self, key: str) -> bool:
        return False

    async def entry(self, document_id: str) -> Document | None:
        return None

    async def questions(self, language: str, limit: int) -> Sequence[str]:
        return ()


class NoPersonas:
    """`bot.ports.Personas` where the operator offers none."""

    def names(self) -> Sequence[str]:
        return ()

    def get(self, name: str | None) -> Persona | None:
        return None


@dataclass(frozen=True, slots=True)
class KnownWriters:
    """`bot.ports.Writers` that is told which: all of them may write, where nothing is told."""

    writes: bool = True
    small: frozenset[str] = frozenset()

    def too_small(self, model: str) -> bool:
        return model in self.small


def _nothing_is_kept() -> SkillFailed:
    return SkillFailed("Nothing is kept of people here; give the toolbox `people`.")
