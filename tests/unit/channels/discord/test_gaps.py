"""Where to read on after a break."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from discord.utils import time_snowflake

from bot.channels.discord.catch_up import Gap, gaps
from bot.domain import Channel, Origin, Turn

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def ago(minutes: float) -> int:
    return time_snowflake(NOW - timedelta(minutes=minutes))


def turn(channel: int, minutes: float, *, parent: int = 0, message: bool = True) -> Turn:
    at = NOW - timedelta(minutes=minutes)
    origin = Origin({"parent": parent} if parent else {}, message_id=str(time_snowflake(at)) if message else "")
    return Turn(Channel.DISCORD, f"discord:9:{channel}", 1, "hello", "u", at, origin=origin)


def test_each_place_is_read_from_its_last_turn_on() -> None:
    found = gaps([turn(1, 5), turn(2, 20, message=False)], (), NOW - timedelta(hours=1))
    assert found == [Gap(1, ago(5)), Gap(2, ago(20))]


def test_never_further_back_than_the_operator_allows() -> None:
    assert gaps([turn(1, 600)], (), NOW - timedelta(hours=1)) == [Gap(1, ago(60))]


def test_channels_that_are_always_answered_are_read_from_the_last_turn_anywhere_on() -> None:
    assert gaps([turn(1, 5)], [1, 3], NOW - timedelta(hours=1)) == [Gap(1, ago(5)), Gap(3, ago(5))]


def test_the_channel_of_a_thread_is_read_too() -> None:
    assert gaps([turn(1, 5, parent=4)], (), NOW - timedelta(hours=1)) == [Gap(1, ago(5)), Gap(4, ago(5))]


def test_questions_from_before_the_first_turn_are_left() -> None:
    assert gaps([], [1, 2], NOW - timedelta(hours=1)) == []


def test_other_places_are_read_last_and_from_the_last_turn_anywhere_on() -> None:
    found = gaps([turn(1, 5), turn(2, 20)], [3], NOW - timedelta(hours=1), elsewhere=[4, 2])
    assert found[2:] == [Gap(2, ago(20)), Gap(4, ago(5))]
