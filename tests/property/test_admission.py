"""The queue before an engine: bounded, fair, in the order that it foretells, whatever comes and goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from models.engines.admission import SHORT_WORK, AdmissionQueue, Ticket
from models.errors import Overloaded
from models.types import Waiting

BOUND, SLOTS = 1000, 3
PEOPLE = st.sampled_from(["", "ana", "bo", "小李"])
SIZE = st.integers(0, 300)


class Queueing(RuleBasedStateMachine):
    """Requests come, are admitted, write, finish, are given up and run late, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: AdmissionQueue[int] = AdmissionQueue(slots=SLOTS, bound=BOUND)
        self.waiting: list[Ticket[int]] = []
        self.running: list[Ticket[int]] = []
        self.now = 0.0

    @rule(prompt=SIZE, new=SIZE, person=PEOPLE, priority=st.integers(-1, 2), patience=st.none() | st.floats(0, 9))
    def come(self, prompt: int, new: int, person: str, priority: int, patience: float | None) -> None:
        deadline = None if patience is None else self.now + patience
        try:
            ticket = self.queue.enter(0, prompt=prompt, new=new, person=person, priority=priority, deadline=deadline)
        except Overloaded as error:
            assert self.waiting  # an empty queue refuses nobody
            assert "Ask again" in str(error)
            return
        self.waiting.append(ticket)

    @rule(room=st.integers(0, 700))
    def admit(self, room: int) -> None:
        first = next((ticket for ticket, _ in self.queue.outlook()), None)
        ticket = self.queue.admit(lambda ticket: ticket.tokens <= room)
        if ticket is None:
            assert first is None or first.tokens > room or len(self.running) == SLOTS
            return
        assert ticket is first
        self.waiting.remove(ticket)
        self.running.append(ticket)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def work(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.running))
        ticket.written += data.draw(st.integers(0, 50))
        self.queue.record(written=ticket.written, seconds=data.draw(st.floats(0.001, 5)))

    @precondition(lambda self: self.running or self.waiting)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.running + self.waiting))
        self.queue.leave(ticket)
        self.queue.leave(ticket)
        for tickets in (self.waiting, self.running):
            if ticket in tickets:
                tickets.remove(ticket)

    @rule(seconds=st.floats(0, 5))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        late = self.queue.expire(self.now)
        assert all(ticket.deadline is not None and ticket.deadline <= self.now for ticket in late)
        self.waiting = [ticket for ticket in self.waiting if ticket not in late]
        assert all(ticket.deadline is None or ticket.deadline > self.now for ticket in self.waiting)

    @invariant()
    def it_knows_who_waits_and_runs(self) -> None:
        assert set(map(id, self.queue.waiting)) == set(map(id, self.waiting))
        assert set(map(id, self.queue.running)) == set(map(id, self.running))
        assert len(self.queue) == len(self.waiting)
        assert len(self.running) <= SLOTS

    @invariant()
    def it_is_bounded(self) -> None:
        most = max((ticket.tokens for ticket in self.waiting), default=0)
        assert sum(ticket.tokens for ticket in self.waiting) <= max(BOUND, most)

    @invariant()
    def places_and_seconds_rise(self) -> None:
        outlook = self.queue.outlook()
        assert {id(ticket) for ticket, _ in outlook} == set(map(id, self.waiting))
        assert [waiting.place for _, waiting in outlook] == list(range(len(outlook)))
        seconds = [waiting.seconds for _, waiting in outlook]
        assert seconds == sorted(seconds)
        assert all(value >= 0 for value in seconds)

    @invariant()
    def news_is_told_once(self) -> None:
        told = self.queue.news()
        assert all(ticket.told == waiting for ticket, waiting in told)
        assert self.queue.news() == []

    @invariant()
    def an_idle_engine_remembers_nobody(self) -> None:
        if not self.waiting and not self.running:
            assert self.queue._served == {}  # or it would grow with everyone who was ever here


TestQueueing = Queueing.TestCase


def filled(*people: str, slots: int = 1, size: int = 100) -> tuple[AdmissionQueue[str], list[Ticket[str]]]:
    queue: AdmissionQueue[str] = AdmissionQueue(slots=slots, bound=10**9)
    return queue, [queue.enter(person, prompt=size, new=0, person=person) for person in people]


def drain(queue: AdmissionQueue[str]) -> list[str]:
    """Serve one after another; give whose turns they were."""
    served = []
    while ticket := queue.admit():
        served.append(ticket.item)
        queue.leave(ticket)
    return served


@given(st.lists(st.tuples(PEOPLE, st.integers(1, 500)), max_size=40))
def test_between_those_who_wait_no_one_gets_far_ahead(requests: list[tuple[str, int]]) -> None:
    queue: AdmissionQueue[str] = AdmissionQueue(slots=1, bound=10**9)
    for person, size in requests:
        queue.enter(person, prompt=size, new=0, person=person)
    largest = max((size for _, size in requests), default=0)
    served = dict.fromkeys((person for person, _ in requests), 0)
    while ticket := queue.admit():
        served[ticket.person] += ticket.prompt
        still = {other.person for other in queue.waiting} | {ticket.person}
        assert max(served[one] for one in still) - min(served[one] for one in still) <= largest
        queue.leave(ticket)


def test_whoever_asks_much_does_not_keep_the_others_waiting() -> None:
    queue, _ = filled(*["flood"] * 20, "ana", "bo")
    assert set(drain(queue)[:3]) == {"flood", "ana", "bo"}


def test_coming_back_after_a_pause_gives_no_claim_on_what_others_had() -> None:
    queue, _ = filled(*["busy"] * 10)
    for _ in range(5):
        ticket = queue.admit()
        assert ticket is not None
        queue.leave(ticket)
    for _ in range(5):
        queue.enter("back", prompt=100, new=0, person="back")
    assert drain(queue) == ["busy", "back"] * 5


def test_short_work_goes_first() -> None:
    queue, _ = filled("ana", "ana")
    queue.enter("score", prompt=5, new=0, priority=SHORT_WORK)
    assert drain(queue)[0] == "score"


def test_what_is_less_urgent_gets_its_turn_under_any_load() -> None:
    queue, _ = filled("ana")
    queue.enter("later", prompt=1, new=0, priority=3)
    turns = 0
    while True:
        queue.enter("urgent", prompt=1, new=0, person="ana")
        ticket = queue.admit()
        assert ticket is not None
        queue.leave(ticket)
        if ticket.item == "later":
            break
        turns += 1
        assert turns <= 8


@given(st.lists(st.tuples(PEOPLE, SIZE, st.integers(-1, 1)), max_size=25))
def test_the_order_that_is_foretold_is_the_order_that_comes(requests: list[tuple[str, int, int]]) -> None:
    queue: AdmissionQueue[int] = AdmissionQueue(slots=1, bound=10**9)
    for index, (person, size, priority) in enumerate(requests):
        queue.enter(index, prompt=size, new=0, person=person, priority=priority)
    foretold = [ticket.item for ticket, _ in queue.outlook()]
    came = []
    while ticket := queue.admit():
        came.append(ticket.item)
        queue.leave(ticket)
    assert came == foretold


def test_the_wait_comes_from_the_measured_rate() -> None:
    queue, _ = filled("ana", "bo", "cy", slots=2)
    queue.admit(), queue.admit()
    for _ in range(50):
        queue.record(prompt=100, seconds=1.0)
    ((ticket, waiting),) = queue.outlook()
    assert ticket.item == "cy"
    assert waiting == Waiting(0, 2.0)  # two prompts of 100 at 100 a second, side by side


def test_the_wait_shrinks_as_the_running_ones_write() -> None:
    queue: AdmissionQueue[str] = AdmissionQueue(slots=1)
    first, _ = queue.enter("a", prompt=0, new=100), queue.enter("b", prompt=0, new=100)
    queue.admit()
    queue.record(written=10, seconds=1.0)
    before = queue.outlook()[0][1].seconds
    first.written = 50
    assert (before, queue.outlook()[0][1].seconds) == (10.0, 5.0)


def test_requests_that_write_little_shorten_the_expected_wait() -> None:
    queue: AdmissionQueue[str] = AdmissionQueue(slots=1)
    for _ in range(60):
        ticket = queue.enter("short", prompt=0, new=100)
        queue.admit()
        ticket.written = 10
        queue.leave(ticket)
    queue.record(written=10, seconds=1.0)
    queue.enter("a", prompt=0, new=100), queue.enter("b", prompt=0, new=100)
    queue.admit()
    assert queue.outlook()[0][1].seconds == pytest.approx(1.0, abs=0.1)


def test_too_much_is_refused_with_a_time() -> None:
    queue: AdmissionQueue[str] = AdmissionQueue(slots=1, bound=250)
    queue.record(prompt=10, seconds=1.0)
    queue.enter("a", prompt=100, new=0), queue.enter("b", prompt=100, new=0)
    with pytest.raises(Overloaded, match=r"2 others wait for it. Ask again in about 20 seconds\."):
        queue.enter("c", prompt=100, new=0)


def test_one_person_cannot_fill_the_queue() -> None:
    queue: AdmissionQueue[str] = AdmissionQueue(slots=1, bound=400)
    queue.enter("a", prompt=100, new=0, person="ana"), queue.enter("b", prompt=100, new=0, person="ana")
    with pytest.raises(Overloaded, match="Many of your questions"):
        queue.enter("c", prompt=100, new=0, person="ana")
    queue.enter("d", prompt=100, new=0, person="bo")
