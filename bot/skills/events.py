"""Small builders of events that several skills share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.domain import Completed, Event, Outcome, Reply, TextDelta


def say(reply: Reply) -> Iterator[Event]:
    """A reply that is whole from the start: its text, then its completion."""
    if reply.text:
        yield TextDelta(reply.text)
    yield Completed(reply)


def plain(
    text: str,
    skill: str,
    outcome: Outcome,
    language: str,
    *,
    notice: str = "",
    data: Mapping[str, object] | None = None,
) -> Iterator[Event]:
    """A reply without citations."""
    return say(Reply(text, skill, outcome, language, notice=notice, data=data or {}))
