"""What a button does, as the few ASCII bytes that a platform carries for us (Telegram 64 bytes, Discord 100).

>>> write(Say(12, 0))
'p1:say:12:0'
>>> read("p1:again:12")
Again(turn=12)
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PREFIX = "p1:"  # names the format; a button of a format that is no longer read has expired
PATTERN = r"p\d+:[a-z]+(?::\d{1,18}){0,2}"
"""A regular expression that matches what `write` writes, also in other versions: for channels that route by pattern."""


@dataclass(frozen=True, slots=True)
class Again:
    """Another answer to the turn."""

    turn: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop the answer to the turn."""

    turn: int


@dataclass(frozen=True, slots=True)
class Good:
    """The reply to the turn was good."""

    turn: int


@dataclass(frozen=True, slots=True)
class Bad:
    """The reply to the turn was bad."""

    turn: int


@dataclass(frozen=True, slots=True)
class Say:
    """Say what the reply to the turn offers at that index: its choices first, then its suggestions."""

    turn: int
    index: int


Action = Again | Stop | Good | Bad | Say

_ON_TURN: dict[str, type[Again] | type[Stop] | type[Good] | type[Bad]] = {
    "again": Again,
    "stop": Stop,
    "good": Good,
    "bad": Bad,
}
_NAMES = {kind: name for name, kind in _ON_TURN.items()}
_WRITTEN = re.compile(r"p1:(?P<name>[a-z]+):(?P<turn>\d{1,18})(?::(?P<index>\d{1,4}))?", re.ASCII)


def write(action: Action) -> str:
    """The action as ASCII of at most 64 bytes."""
    if isinstance(action, Say):
        return f"{PREFIX}say:{action.turn}:{action.index}"
    return f"{PREFIX}{_NAMES[type(action)]}:{action.turn}"


def read(text: str) -> Action | None:
    """The action; None for what was never written here, or in another version."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    turn, index = int(found["turn"]), found["index"]
    if found["name"] == "say":
        return Say(turn, int(index)) if index is not None else None
    kind = _ON_TURN.get(found["name"])
    return kind(turn) if kind is not None and index is None else None
