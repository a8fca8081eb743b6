"""Who waits for an engine, in which order, and for how long: the one queue before every engine of this process.

    queue: AdmissionQueue[Job] = AdmissionQueue(slots=8)
    ticket = queue.enter(job, prompt=293, new=32, person="ana")   # raises Overloaded
    for late in queue.expire(now): ...                            # their time was over while they waited
    while ticket := queue.admit(lambda ticket: memory_left >= ticket.tokens): ...
    ticket.written += 1                                           # while it runs
    queue.record(written=8, seconds=0.02)                         # what the engine did: its measured rate
    for ticket, waiting in queue.news(): ...                      # tell it to those who wait
    queue.leave(ticket)                                           # done, or given up: whether it waited or ran

It reads no clock, starts no thread and takes no lock: the engine holds its own lock around every call.

Between people it is fair by the tokens that each was served (the Virtual Token Counter of Sheng et al., "Fairness in
Serving Large Language Models", OSDI 2024): whoever had least is next, and who comes back after a pause starts no lower
than those who are here. A lower priority number goes first, but lets a less urgent class pass now and then.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from models.engines.turns import Lines, Ticket, next_turn, take_turn
from models.errors import Overloaded
from models.types import Waiting

__all__ = ["SHORT_WORK", "AdmissionQueue", "Ticket"]

T = TypeVar("T")

SHORT_WORK = -1
"""The priority of work that takes one look at the prompt and writes nothing."""

_WRITTEN_COSTS = 5  # a written token takes an engine about as long as this many of a prompt
_LOOKS_BACK = 20.0  # seconds of work that the measured rate comes from
_WORTH_TELLING = 0.3  # at an unchanged place, by so much must the seconds differ from what was told last


class AdmissionQueue(Generic[T]):
    """A bounded queue before an engine that serves `slots` requests at once.

    `bound` is how many tokens (prompt and new) may wait in all, and `per_person` how many of one person; a request
    that finds nobody waiting is let in whatever its size. Within one class and person the order is that of entering.
    """

    def __init__(self, *, slots: int, bound: int = 65_536, per_person: int | None = None) -> None:
        self._slots = slots
        self._bound = bound
        self._per_person = bound // 2 if per_person is None else per_person
        self._lines: Lines[T] = Lines()
        self._running: list[Ticket[T]] = []
        self._served: dict[str, float] = {}  # cost by person, of those who are here or had more than those
        self._passed: dict[int, int] = {}  # how often each waiting class was passed over
        self._rate = 0.0  # cost a second; 0: nothing measured yet
        self._measured = 0.0  # seconds of work behind the rate
        self._share_written = 1.0  # of what requests may write, what they do write
        self._changed = False

    def __len__(self) -> int:
        """How many wait."""
        return len(self.waiting)

    @property
    def waiting(self) -> list[Ticket[T]]:
        """All that wait, in no order to rely on."""
        return list(self._lines)

    @property
    def running(self) -> list[Ticket[T]]:
        """All that were admitted and have not left."""
        return list(self._running)

    def enter(
        self, item: T, *, prompt: int, new: int, person: str = "", priority: int = 0, deadline: float | None = None
    ) -> Ticket[T]:
        """Take a place. Raises Overloaded where too much waits, in all or of this person."""
        ticket = Ticket(item, prompt, max(new, 0), person, priority, deadline)
        waiting = self.waiting
        if waiting and _tokens(waiting) + ticket.tokens > self._bound:
            raise Overloaded(f"The model is busy, and {len(waiting)} others wait for it. Ask again {self._how_soon()}.")
        mine = [other for other in waiting if other.person == person]
        if person and mine and _tokens(mine) + ticket.tokens > self._per_person:
            raise Overloaded("Many of your questions wait already. Ask again when some of them are answered.")
        self._welcome(person)
        self._lines.add(ticket)
        self._changed = True
        return ticket

    def admit(self, fits: Callable[[Ticket[T]], bool] = lambda _: True) -> Ticket[T] | None:
        """Take out who is next, if a slot is free and it fits; nobody smaller overtakes one that does not fit yet."""
        if not self._lines.classes or len(self._running) >= self._slots:
            return None
        self._charge()
        ticket = next_turn(self._lines, self._served, self._passed)
        if not fits(ticket):
            return None
        take_turn(ticket, self._lines, self._served, self._passed, _cost(ticket.prompt, 0))
        self._running.append(ticket)
        self._changed = True
        return ticket

    def leave(self, ticket: Ticket[T]) -> None:
        """End a request, waiting or running; twice does no harm."""
        if ticket in self._running:
            self._charge()
            self._running.remove(ticket)
            if ticket.new:
                self._share_written += 0.1 * (min(ticket.written / ticket.new, 1.0) - self._share_written)
        elif ticket in self._lines:
            self._lines.remove(ticket)
            if ticket.priority not in self._lines.classes:
                self._passed.pop(ticket.priority, None)
        else:
            return
        self._changed = True
        self._forget()

    def expire(self, now: float) -> list[Ticket[T]]:
        """Take out those whose deadline was over while they waited."""
        late = [ticket for ticket in self._lines if ticket.deadline is not None and ticket.deadline <= now]
        for ticket in late:
            self.leave(ticket)
        return late

    def record(self, *, prompt: int = 0, written: int = 0, seconds: float) -> None:
        """Learn the engine's rate: so many tokens of prompts and of new text took it so many seconds."""
        cost = _cost(prompt, written)
        if cost <= 0 or seconds <= 0:
            return
        weight = seconds / (min(self._measured, _LOOKS_BACK) + seconds)
        self._rate += weight * (cost / seconds - self._rate)
        self._measured += seconds

    def outlook(self) -> list[tuple[Ticket[T], Waiting]]:
        """Give those who wait in the order in which they will be served, with place and expected seconds."""
        each = self._slots / self._rate if self._rate else 0.0  # seconds a cost, as the slots share the engine
        free = [self._left(ticket) * each for ticket in self._running][: self._slots]
        free += [0.0] * (self._slots - len(free))
        heapq.heapify(free)
        found = []
        for place, ticket in enumerate(self._order()):
            start = heapq.heappop(free)
            found.append((ticket, Waiting(place, round(start, 1))))
            heapq.heappush(free, start + self._cost(ticket) * each)
        return found

    def news(self) -> list[tuple[Ticket[T], Waiting]]:
        """Give the outlook of those for whom it is another than what was given last."""
        if not self._changed:
            return []
        self._changed = False
        fresh = [(ticket, waiting) for ticket, waiting in self.outlook() if _worth_telling(ticket.told, waiting)]
        for ticket, waiting in fresh:
            ticket.told = waiting
        return fresh

    def _order(self) -> Iterator[Ticket[T]]:
        self._charge()
        lines, served, passed = Lines(self._lines), dict(self._served), dict(self._passed)
        while lines.classes:
            ticket = next_turn(lines, served, passed)
            take_turn(ticket, lines, served, passed, self._cost(ticket))
            yield ticket

    def _charge(self) -> None:
        """Charge for what was written since; a prompt was charged for when it was admitted."""
        for ticket in self._running:
            self._served[ticket.person] += _cost(0, ticket.written - ticket.charged)
            ticket.charged = ticket.written

    def _here(self) -> set[str]:
        return {ticket.person for ticket in (*self._running, *self._lines)}

    def _welcome(self, person: str) -> None:
        """Let whoever comes start no lower than those who are here; an idle engine has forgotten everybody."""
        self._charge()
        here = self._here()
        if person not in here:
            least = min((self._served[other] for other in here), default=0.0)
            self._served[person] = max(self._served.get(person, least), least)

    def _forget(self) -> None:
        """Drop the figures of who is gone and would start anew in any case."""
        here = self._here()
        least = min((self._served[person] for person in here), default=float("inf"))
        self._served = {who: cost for who, cost in self._served.items() if who in here or cost > least}

    def _cost(self, ticket: Ticket[T]) -> float:
        """What it will probably take; while it waits or runs."""
        return _cost(ticket.prompt, max(ticket.written, ticket.new * self._share_written))

    def _left(self, ticket: Ticket[T]) -> float:
        done = _cost(ticket.prompt, ticket.written) if ticket.written else 0
        return max(self._cost(ticket) - done, 0.0)

    def _how_soon(self) -> str:
        seconds = sum(map(self._cost, self._lines)) / self._rate if self._rate else 0
        return f"in about {seconds:.0f} seconds" if seconds >= 1 else "in a moment"


def _cost(prompt: float, written: float) -> float:
    return prompt + _WRITTEN_COSTS * written


def _tokens(tickets: Iterable[Ticket[T]]) -> int:
    return sum(ticket.tokens for ticket in tickets)


def _worth_telling(told: Waiting | None, now: Waiting) -> bool:
    if told is None or told.place != now.place:
        return True
    return abs(told.seconds - now.seconds) > max(1.0, _WORTH_TELLING * told.seconds)
