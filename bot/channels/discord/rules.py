"""Who is answered, and where, as the settings say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.settings.channels import DiscordSettings


@dataclass(frozen=True, slots=True)
class Rules:
    """Ids are Discord's snowflakes."""

    channels: frozenset[int] = frozenset()
    keywords: tuple[str, ...] = ()
    managers: frozenset[int] = frozenset()
    allow_roles: frozenset[int] = frozenset()
    deny_roles: frozenset[int] = frozenset()
    allow_channels: frozenset[int] = frozenset()
    deny_channels: frozenset[int] = frozenset()
    open_threads: bool = field(default=False)

    @classmethod
    def of(cls, settings: DiscordSettings) -> Rules:
        return cls(
            channels=frozenset(settings.channels),
            keywords=tuple(word.casefold() for word in settings.keywords),
            managers=frozenset(settings.managers),
            allow_roles=frozenset(settings.allow_roles),
            deny_roles=frozenset(settings.deny_roles),
            allow_channels=frozenset(settings.allow_channels),
            deny_channels=frozenset(settings.deny_channels),
            open_threads=settings.open_threads,
        )

    def admits(self, channels: Iterable[int], roles: Iterable[int]) -> bool:
        """Whether to answer there at all: `channels` are the channel and, for a thread, its parent; `roles` the
        member's. What is denied stays denied, whatever is allowed beside it. Not for direct messages.
        """
        worn = frozenset(roles)
        if worn & self.deny_roles or not self.admits_place(channels):
            return False
        return not self.allow_roles or bool(worn & self.allow_roles)

    def admits_place(self, channels: Iterable[int]) -> bool:
        """Whether anybody is answered there."""
        here = frozenset(channels)
        return not here & self.deny_channels and (not self.allow_channels or bool(here & self.allow_channels))

    def is_manager(self, user: int, roles: Iterable[int]) -> bool:
        return user in self.managers or bool(self.managers & frozenset(roles))

    def has_keyword(self, text: str) -> bool:
        folded = text.casefold()
        return any(word in folded for word in self.keywords)
