"""Who is answered, and where."""

from __future__ import annotations

import pytest

from bot.channels.discord.rules import Rules
from bot.settings.channels import DiscordSettings

CHANNEL, FORUM, MEMBER, MUTED = 1, 2, 10, 11


@pytest.mark.parametrize(
    ("settings", "channels", "roles", "admitted"),
    [
        ({}, [CHANNEL], [], True),
        ({"deny_channels": [CHANNEL]}, [CHANNEL], [], False),
        ({"deny_channels": [FORUM]}, [CHANNEL, FORUM], [], False),
        ({"allow_channels": [FORUM]}, [CHANNEL, FORUM], [], True),
        ({"allow_channels": [FORUM]}, [CHANNEL, 0], [], False),
        ({"allow_roles": [MEMBER]}, [CHANNEL], [], False),
        ({"allow_roles": [MEMBER]}, [CHANNEL], [MEMBER], True),
        ({"allow_roles": [MEMBER], "deny_roles": [MUTED]}, [CHANNEL], [MEMBER, MUTED], False),
    ],
)
def test_channels_and_roles(
    settings: dict[str, list[int]], channels: list[int], roles: list[int], admitted: bool
) -> None:
    assert Rules.of(DiscordSettings(**settings)).admits(channels, roles) is admitted  # type: ignore[arg-type]


def test_managers_are_people_or_roles() -> None:
    rules = Rules.of(DiscordSettings(managers=[5, MEMBER]))
    assert rules.is_manager(5, [])
    assert rules.is_manager(6, [MEMBER])
    assert not rules.is_manager(6, [MUTED])


def test_keywords_are_found_in_any_case() -> None:
    rules = Rules.of(DiscordSettings(keywords=["Refund", "退款"]))
    assert rules.has_keyword("REFUNDS?") and rules.has_keyword("我要退款") and not rules.has_keyword("hello")
