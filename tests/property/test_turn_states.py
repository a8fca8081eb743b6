"""Turns: whatever is done to them in whatever order, an answer stays, and what was replaced never comes back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import Outcome, Reply, Role, Turn, TurnState
from bot.ports import Storage, UnitOfWork
from bot.storage.memory import MemoryStorage
from tests.support.storage import accepted, later

Step = tuple[str, int]  # what is done, and to which turn of those there are

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["accept", "start", "finish", "interrupt", "fail in silence", "replace", "redeliver"]),
        st.integers(0, 3),
    ),
    max_size=24,
)
BEGUN = count()


@pytest.fixture(params=["sqlite", "postgresql", "memory"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    if request.param == "memory":
        made: Storage = MemoryStorage()
    else:
        from bot.storage.sql import SqlStorage

        url = "database_url" if request.param == "sqlite" else "postgres_url"
        made = SqlStorage(request.getfixturevalue(url))
    yield made
    made.close()


@dataclass
class Model:
    """What must hold, in the plainest words: each turn's state, and the text that was said to it."""

    turns: list[Turn] = field(default_factory=list)
    states: dict[int, TurnState] = field(default_factory=dict)
    said: dict[int, str] = field(default_factory=dict)

    def open(self, turn_id: int) -> bool:
        return self.states[turn_id] not in (TurnState.ANSWERED, TurnState.REPLACED)

    def history(self) -> list[str]:
        """The texts, in no order: a reply stands where it was given."""
        live = [turn for turn in self.turns if self.states[turn.id] is not TurnState.REPLACED]
        return sorted([turn.text for turn in live] + [self.said[turn.id] for turn in live if turn.id in self.said])


def do(work: UnitOfWork, model: Model, step: Step, number: int, home: str) -> None:
    """Do one step to the storage and to the model."""
    action, which = step
    now = later(number)
    if action == "accept" or not model.turns:
        turn = accepted(work, f"{home}/{number}", f"question {number}", home)
        model.turns.append(turn)
        model.states[turn.id] = TurnState.ACCEPTED
        return
    turn = model.turns[which % len(model.turns)]
    still_open = model.open(turn.id)
    if action == "start":
        work.turns.start(turn.id, now)
        _note(model, turn, TurnState.WORKING, still_open)
    elif action == "finish":
        work.turns.finish(turn.id, Reply(f"answer {number}", "chat", Outcome.GENERATED, "en"), now)
        _note(model, turn, TurnState.ANSWERED, still_open, f"answer {number}")
    elif action == "interrupt":
        work.turns.end(turn.id, TurnState.INTERRUPTED, now, f"half {number}")
        _note(model, turn, TurnState.INTERRUPTED, still_open, f"half {number}")
    elif action == "fail in silence":
        work.turns.end(turn.id, TurnState.FAILED, now)
        _note(model, turn, TurnState.FAILED, still_open, "")
    elif action == "replace":
        work.turns.replace(turn.id, now)
        model.states[turn.id] = TurnState.REPLACED
    else:
        again, new = work.turns.accept(turn)
        assert (again.id, new) == (turn.id, False)


def _note(model: Model, turn: Turn, state: TurnState, still_open: bool, said: str | None = None) -> None:
    if not still_open:
        return
    model.states[turn.id] = state
    if said is not None:
        model.said.pop(turn.id, None)
    if said:
        model.said[turn.id] = said


def check(work: UnitOfWork, model: Model, home: str) -> None:
    for turn in model.turns:
        kept = work.turns.get(turn.id)
        assert kept is not None
        assert kept.state is model.states[turn.id]
        if kept.state is TurnState.ANSWERED:
            reply = work.turns.reply(turn.id)
            assert reply is not None
            assert reply.text == model.said[turn.id]
    history = work.conversations.history(home, 1000)
    assert sorted(message.text for message in history) == model.history()
    conversation = work.conversations.get(home)
    assert conversation is not None
    assert conversation.messages == len(history)
    live = [turn for turn in model.turns if model.states[turn.id] is not TurnState.REPLACED]
    assert conversation.title == (live[0].text if live else "")
    waiting = [turn.id for turn in work.turns.unfinished() if turn.conversation_id == home]
    assert waiting == [turn.id for turn in live if model.states[turn.id] in (TurnState.ACCEPTED, TurnState.WORKING)]
    latest = work.turns.latest(home, model.turns[0].user_id)
    assert (latest.id if latest else None) == (live[-1].id if live else None)


@given(STEPS)
def test_any_order_of_steps_keeps_what_must_hold(storage: Storage, steps: list[Step]) -> None:
    home = f"console:{next(BEGUN)}"  # the storage is that of all examples, the conversation of this one

    def work(work: UnitOfWork) -> None:
        model = Model()
        for number, step in enumerate(steps):
            do(work, model, step, number, home)
            check(work, model, home)

    asyncio.run(storage.run(work))


@given(STEPS)
def test_forgetting_leaves_nothing_of_a_person_in_whatever_state_their_turns_are(
    storage: Storage, steps: list[Step]
) -> None:
    home = f"console:{next(BEGUN)}"

    def work(work: UnitOfWork) -> None:
        model = Model()
        other = accepted(work, f"{home}/other", "of another", home, "another")
        for number, step in enumerate(steps):
            do(work, model, step, number, home)
        kept = work.turns.get(model.turns[-1].id) if model.turns else None
        me = kept.user_id if kept else 0
        everything = len(work.users.messages(me))
        mine = sum(said[0].id == home for said in work.users.messages(me))
        assert work.users.forget(me, home) == mine
        assert len(work.users.messages(me)) == everything - mine
        left = work.conversations.history(home, 1000)
        assert [(message.turn_id, message.role) for message in left] == [(other.id, Role.USER)]
        conversation = work.conversations.get(home)
        assert conversation is not None
        assert (conversation.messages, conversation.title) == (1, "of another")

    asyncio.run(storage.run(work))
