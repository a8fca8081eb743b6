"""Whose turn it is: tickets in lines by class and person, and how the next one is chosen among them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from models.types import Waiting

T = TypeVar("T")

_PATIENCE = 8  # so often a class may be passed over before it has one turn


@dataclass(eq=False, slots=True)
class Ticket(Generic[T]):
    """A request's place. `deadline` is a moment on the engine's clock; the engine counts up `written` as it writes."""

    item: T
    prompt: int
    new: int
    person: str
    priority: int
    deadline: float | None
    written: int = 0
    charged: int = 0  # written tokens that its person was charged for
    told: Waiting | None = None

    @property
    def tokens(self) -> int:
        """What it takes of the cache when it has written all it may."""
        return self.prompt + self.new


class Lines(Generic[T]):
    """The waiting tickets by class and person; no line in it is empty."""

    def __init__(self, tickets: Iterable[Ticket[T]] = ()) -> None:
        self.classes: dict[int, dict[str, deque[Ticket[T]]]] = {}
        for ticket in tickets:
            self.add(ticket)

    def __iter__(self) -> Iterator[Ticket[T]]:
        return (ticket for people in self.classes.values() for line in people.values() for ticket in line)

    def __contains__(self, ticket: Ticket[T]) -> bool:
        return ticket in self.classes.get(ticket.priority, {}).get(ticket.person, ())

    def add(self, ticket: Ticket[T]) -> None:
        self.classes.setdefault(ticket.priority, {}).setdefault(ticket.person, deque()).append(ticket)

    def remove(self, ticket: Ticket[T]) -> None:
        people = self.classes[ticket.priority]
        people[ticket.person].remove(ticket)
        if not people[ticket.person]:
            del people[ticket.person]
        if not people:
            del self.classes[ticket.priority]


def next_turn(lines: Lines[T], served: dict[str, float], passed: dict[int, int]) -> Ticket[T]:
    """Choose among the waiting, which are at least one."""
    classes = sorted(lines.classes)
    people = lines.classes[next((one for one in classes if passed.get(one, 0) >= _PATIENCE), classes[0])]
    return people[min(people, key=served.__getitem__)][0]


def take_turn(
    ticket: Ticket[T], lines: Lines[T], served: dict[str, float], passed: dict[int, int], cost: float
) -> None:
    """Take a ticket out of the lines, and charge its person and the classes that it went before."""
    lines.remove(ticket)
    served[ticket.person] += cost
    passed.pop(ticket.priority, None)
    for one in lines.classes:
        if one > ticket.priority:
            passed[one] = passed.get(one, 0) + 1
