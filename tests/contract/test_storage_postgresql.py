"""What several processes on one PostgreSQL may do to each other: nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import event, text

from bot.domain import Channel, Conversation, Outcome, PartState, Reply, TurnState, User
from bot.errors import NotFound, StorageError
from bot.ports import UnitOfWork
from bot.storage import engine as engines
from bot.storage.sql import SqlStorage
from tests.support.postgres import Postgres
from tests.support.storage import HERE, NOW, REPLY, accepted, answered, begin, turn

pytestmark = pytest.mark.timeout(60)

Work = Callable[[UnitOfWork], Any]


@pytest.fixture
def processes(postgres_url: str) -> Iterator[tuple[SqlStorage, SqlStorage]]:
    """Two storages over one database; to PostgreSQL they are as two processes."""
    both = SqlStorage(postgres_url), SqlStorage(postgres_url)
    yield both
    for storage in both:
        storage.close()


def do(storage: SqlStorage, work: Work) -> Any:
    return asyncio.run(storage.run(work))


def at_once(*works: tuple[SqlStorage, Work]) -> list[Any]:
    """Do all of it at the same instant, each in a thread of its own."""
    ready = threading.Barrier(len(works))

    def one(pair: tuple[SqlStorage, Work]) -> Any:
        ready.wait(10)
        return do(*pair)

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def test_one_update_that_comes_to_two_processes_at_once_is_accepted_once(
    processes: tuple[SqlStorage, SqlStorage],
) -> None:
    def accept(update: str) -> Work:
        return lambda work: work.turns.accept(
            turn(begin(work, "console:new", "new"), update, conversation="console:new")
        )

    for round_ in range(10):
        outcomes = at_once(*((storage, accept(str(round_))) for storage in processes * 2))
        assert sorted(new for _, new in outcomes) == [False, False, False, True]
        assert len({kept.id for kept, _ in outcomes}) == 1
    history = do(processes[0], lambda work: work.conversations.history("console:new", 99))
    assert len(history) == 10
    assert do(processes[0], lambda work: work.conversations.get("console:new")).messages == 10


def test_turns_of_one_conversation_are_numbered_in_the_order_in_which_they_are_there(
    processes: tuple[SqlStorage, SqlStorage],
) -> None:
    first, second = processes
    me = do(first, begin)
    inside = threading.Event()
    rest = threading.Event()

    def slowly(work: UnitOfWork) -> int:
        kept, _ = work.turns.accept(turn(me, "slow"))
        inside.set()
        rest.wait(0.2)
        return kept.id

    def then(work: UnitOfWork) -> int:
        return work.turns.accept(turn(me, "quick"))[0].id

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(do, first, slowly)
        inside.wait(10)
        quick = pool.submit(do, second, then)
        assert slow.result(10) < quick.result(10)
    assert [kept.update_id for kept in do(first, lambda work: work.turns.unfinished())] == ["slow", "quick"]


def test_a_turn_is_answered_once_by_two_processes(processes: tuple[SqlStorage, SqlStorage]) -> None:
    kept = do(processes[0], accepted)

    def finish(text: str) -> Work:
        return lambda work: work.turns.finish(kept.id, Reply(text, "chat", Outcome.GENERATED, "en"), NOW).text

    told = at_once((processes[0], finish("one")), (processes[1], finish("other")))
    assert told[0] == told[1]
    assert do(processes[0], lambda work: work.conversations.get(HERE)).messages == 2


def test_an_answer_and_the_taking_over_of_its_parts_do_not_lock_each_other_out(
    processes: tuple[SqlStorage, SqlStorage],
) -> None:
    deadlocks = _count_deadlocks(processes)
    for round_ in range(20):
        old = do(processes[0], lambda work, n=round_: answered(work, f"old{n}"))
        new = do(processes[0], lambda work, n=round_: accepted(work, f"new{n}"))
        do(processes[0], lambda work, old=old.id: work.parts.sent(old, 0, 0, "900", "abc"))

        def take_over(work: UnitOfWork, old: int = old.id, new: int = new.id) -> None:
            work.turns.replace(old, NOW)
            work.parts.take_over(old, new)

        def finish(work: UnitOfWork, new: int = new.id) -> None:
            work.turns.finish(new, REPLY, NOW)
            work.parts.sending(new, 7, 0)

        at_once((processes[0], take_over), (processes[1], finish))
        positions = [part.position for part in do(processes[0], lambda work, new=new.id: work.parts.of_turn(new))]
        assert positions in ([0, 7], [7, 8])
    assert deadlocks == []


def test_forgetting_while_turns_go_on_loses_nothing_else(processes: tuple[SqlStorage, SqlStorage]) -> None:
    deadlocks = _count_deadlocks(processes)

    def go_on(name: str) -> Work:
        def work(work: UnitOfWork) -> None:
            kept = accepted(work, f"{name}", HERE, name=name)
            work.turns.start(kept.id, NOW)
            work.turns.finish(kept.id, REPLY, NOW)

        return work

    def finish(turn_id: int) -> Work:
        def work(work: UnitOfWork) -> None:
            with suppress(NotFound):
                work.turns.finish(turn_id, REPLY, NOW)

        return work

    for round_ in range(10):
        mine = do(processes[0], lambda work, n=round_: accepted(work, f"mine{n}"))
        at_once(
            (processes[0], lambda work: work.conversations.forget(HERE)),
            (processes[1], finish(mine.id)),
            (processes[0], go_on(f"a{round_}")),
            (processes[1], lambda work, me=mine.user_id: work.users.forget(me)),
        )
        home: Conversation | None = do(processes[0], lambda work: work.conversations.get(HERE))
        if home is not None:
            assert home.messages == len(do(processes[0], lambda work: work.conversations.history(HERE, 99)))
    assert deadlocks == []


def test_two_that_wait_for_each_other_are_both_done(processes: tuple[SqlStorage, SqlStorage]) -> None:
    deadlocks = _count_deadlocks(processes)
    for name in ("a", "b"):
        do(processes[0], lambda work, name=name: begin(work, f"console:{name}", name))
    met = threading.Barrier(2)
    tries: list[str] = []

    def both(first: str, second: str) -> Work:
        def work(work: UnitOfWork) -> None:
            tries.append(first)
            work.users.ensure(User(Channel.CONSOLE, first, f"called by {first}"))
            if tries.count(first) == 1:
                met.wait(10)
            work.users.ensure(User(Channel.CONSOLE, second, f"called by {first}"))

        return work

    at_once((processes[0], both("a", "b")), (processes[1], both("b", "a")))
    assert len(deadlocks) == 1
    assert len(tries) == 3


def _count_deadlocks(storages: tuple[SqlStorage, ...]) -> list[str]:
    """The codes of transactions that PostgreSQL broke off, from now on."""
    found: list[str] = []

    def note(context: Any) -> None:
        state = getattr(context.original_exception, "sqlstate", None)
        if state in {"40P01", "40001"}:
            found.append(state)

    for storage in storages:
        event.listen(storage._engines.write, "handle_error", note)
    return found


def test_a_row_that_another_program_holds_is_not_waited_for_for_ever(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.05)
    storage = SqlStorage(postgres_url)
    kept = do(storage, accepted)
    with storage._engines.write.begin() as other:
        other.execute(text("SELECT * FROM turns FOR UPDATE"))
        with pytest.raises(StorageError, match="is busy"):
            do(storage, lambda work: work.turns.start(kept.id, NOW))
        assert asyncio.run(storage.read(lambda work: work.turns.get(kept.id))) == kept  # reading goes on
    do(storage, lambda work: work.turns.start(kept.id, NOW))
    storage.close()


def test_reading_sees_one_state_all_the_while(processes: tuple[SqlStorage, SqlStorage]) -> None:
    kept = do(processes[0], accepted)

    def work(work: UnitOfWork) -> tuple[TurnState, TurnState]:
        before = work.turns.get(kept.id)
        do(processes[1], lambda work: work.turns.start(kept.id, NOW))
        after = work.turns.get(kept.id)
        assert before is not None
        assert after is not None
        return before.state, after.state

    assert asyncio.run(processes[0].read(work)) == (TurnState.ACCEPTED, TurnState.ACCEPTED)


def test_moments_are_the_same_wherever_server_and_person_are(postgres_url: str, postgres: Postgres) -> None:
    name = postgres_url.rpartition("/")[2].partition("?")[0]
    postgres.execute(f"ALTER DATABASE {name} SET timezone TO 'Pacific/Chatham'")
    storage = SqlStorage(postgres_url)
    there = datetime(2026, 3, 29, 1, 30, tzinfo=timezone(timedelta(hours=-9, minutes=-30)))
    made = do(storage, lambda work: work.conversations.ensure("console:far", Channel.CONSOLE, there))
    assert made.created_at == there
    assert made.created_at.utcoffset() == timedelta(0)
    storage.close()


def test_after_the_connections_were_cut_the_next_call_works(
    storage_and_name: tuple[SqlStorage, str], postgres: Postgres
) -> None:
    storage, name = storage_and_name
    kept = do(storage, accepted)
    for _ in range(2):
        postgres.disconnect(name)
        do(storage, lambda work: work.parts.sent(kept.id, 0, 0, "900", "abc"))
        postgres.disconnect(name)
        (part,) = asyncio.run(storage.read(lambda work: work.parts.of_turn(kept.id)))
        assert part.state is PartState.SENT
        postgres.disconnect(name)
        assert storage.knowledge.revision() == 0


def test_what_was_not_committed_when_the_connection_was_cut_is_undone_and_told(
    storage_and_name: tuple[SqlStorage, str], postgres: Postgres
) -> None:
    storage, name = storage_and_name

    def work(work: UnitOfWork) -> None:
        accepted(work)
        postgres.disconnect(name)
        accepted(work, "2")

    with pytest.raises(StorageError, match="cannot be reached"):
        do(storage, work)
    assert do(storage, lambda work: work.turns.unfinished()) == []


@pytest.fixture
def storage_and_name(postgres_url: str) -> Iterator[tuple[SqlStorage, str]]:
    storage = SqlStorage(postgres_url)
    yield storage, postgres_url.rpartition("/")[2].partition("?")[0]
    storage.close()


def test_a_restart_of_the_server_is_told_while_it_lasts_and_then_forgotten(
    storage_and_name: tuple[SqlStorage, str], postgres: Postgres
) -> None:
    if postgres.started is None:
        pytest.skip("the server that was given is not the tests' to stop")
    storage, _ = storage_and_name
    kept = do(storage, accepted)
    postgres.stop()
    try:
        with pytest.raises(StorageError, match="cannot be reached"):
            do(storage, lambda work: work.turns.start(kept.id, NOW))
    finally:
        postgres.start()
    do(storage, lambda work: work.turns.start(kept.id, NOW))
    assert [again.state for again in do(storage, lambda work: work.turns.unfinished())] == [TurnState.WORKING]
