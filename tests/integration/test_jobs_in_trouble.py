"""What may go wrong between procrastinate and the processes, on a real PostgreSQL: no job is lost or done twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from procrastinate.jobs import Status
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier, Literal
from psycopg_pool import PoolTimeout

from bot.delivery import lookout
from bot.domain import Channel, TurnState
from bot.queueing import jobs as jobs_module
from bot.queueing.jobs import Jobs
from bot.storage.engine import plain_url
from tests.support.many import HERE, Many
from tests.support.outlet import MemoryOutlets

QUEUE = "work"
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "HEARTBEAT", 0.2)
    monkeypatch.setattr(jobs_module, "STALLED", 1.0)
    monkeypatch.setattr(jobs_module, "RECOVER_EVERY", 0.2)


@pytest.fixture
def many(postgres_url: str) -> Iterator[Many]:
    made = Many(postgres_url)
    yield made
    made.storage.close()


class Process:
    """Jobs of one process; each job waits until it is let go, and fails as often as it is told to."""

    def __init__(self, url: str) -> None:
        self.jobs = Jobs(plain_url(url), stop_seconds=0.3)
        self.jobs.task("task", self._work)
        self.begun: list[int] = []
        self.done: list[int] = []
        self.attempts: list[int] = []
        self.failures = 0
        self.go = asyncio.Event()

    async def _work(self, number: int, attempts: int) -> None:
        self.begun.append(number)
        self.attempts.append(attempts)
        await self.go.wait()
        if self.failures:
            self.failures -= 1
            raise RuntimeError
        self.done.append(number)

    async def put(self, number: int) -> bool:
        return await self.jobs.put("task", QUEUE, {"number": number}, lock="one lock", once=f"task {number}")

    async def execute(self, statement: str) -> None:
        await self.jobs._connector.execute_query_async(statement)

    @asynccontextmanager
    async def no_connections(self) -> AsyncIterator[None]:
        """All of the pool's connections are in use elsewhere."""
        async with AsyncExitStack() as stack:
            with suppress(PoolTimeout):
                while True:
                    await stack.enter_async_context(self.jobs._connector.pool.connection())
            yield

    @asynccontextmanager
    async def opened(self, working: bool = True, finishing: bool = True) -> AsyncIterator[Process]:
        """`finishing`: in the end its jobs are let go, and not handed back."""
        async with self.jobs.opened():
            worker = asyncio.create_task(self.jobs.work([QUEUE], 10) if working else asyncio.sleep(0))
            yield self
            if finishing:
                self.go.set()
            worker.cancel()
            await asyncio.wait([worker], timeout=20)
            assert worker.done()


async def test_a_job_that_waits_once_more_and_fails_does_not_hold_its_lock_for_ever(postgres_url: str) -> None:
    """A new leader puts again what the one before is still working on."""
    async with Process(postgres_url).opened() as process:
        assert await process.put(1)
        await _until(lambda: process.begun == [1])
        assert await process.put(1) and await process.put(2)
        process.failures = 1
        process.go.set()
        await _until(lambda: process.done == [1, 2])


async def test_a_lost_process_job_that_waits_once_more_does_not_hold_its_lock_for_ever(postgres_url: str) -> None:
    async with Process(postgres_url).opened() as lost, Process(postgres_url).opened(working=False) as other:
        assert await lost.put(1)
        await _until(lambda: lost.begun == [1])
        assert await other.put(1)
        await other.execute("DELETE FROM procrastinate_workers")
        async with Process(postgres_url).opened() as third:
            third.go.set()
            await _until(lambda: third.done == [1])
            assert not lost.done


async def test_a_job_that_is_handed_back_counts_no_attempt_and_that_of_a_lost_process_does(postgres_url: str) -> None:
    seen = []
    async with Process(postgres_url).opened(working=False) as other:
        assert await other.put(1)
        for lost in (False, True, False, False):
            async with Process(postgres_url).opened(finishing=False) as process:
                await _until(lambda process=process: process.begun == [1])  # type: ignore[misc]
                seen += process.attempts
                if lost:
                    await other.execute("DELETE FROM procrastinate_workers")
                    await _until(lambda process=process: process.begun == [1, 1])  # type: ignore[misc]
                    seen += process.attempts[1:]
    assert seen == [0, 0, 1, 1, 1]


async def test_a_process_that_comes_back_does_not_end_the_job_that_is_anothers_by_now(postgres_url: str) -> None:
    async with Process(postgres_url).opened(working=False) as process:
        manager = process.jobs.app.job_manager
        await process.put(1)
        first = await manager.fetch_job([QUEUE], await manager.register_worker())
        assert first is not None
        await manager.retry_job(first)  # it counted as lost
        second = await manager.fetch_job([QUEUE], await manager.register_worker())
        assert second is not None
        await manager.finish_job(first, Status.SUCCEEDED, delete_job=True)
        await manager.retry_job(first)
        assert await process.jobs.is_running("task 1")
        await manager.finish_job(second, Status.SUCCEEDED, delete_job=True)
        assert await process.jobs.names(QUEUE) == set()


@pytest.mark.parametrize("failures", [0, 1])
async def test_a_job_whose_end_could_not_be_noted_does_not_hold_its_lock_for_ever(
    postgres_url: str, failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker is well, and its heartbeat goes on: nobody else would ever take the job up."""
    monkeypatch.setattr(jobs_module, "HEARTBEAT", 60.0)
    monkeypatch.setattr(jobs_module, "CONNECTED_WITHIN", 0.3)
    async with Process(postgres_url).opened() as process:
        process.failures = failures
        assert await process.put(1) and await process.put(2)
        await _until(lambda: process.begun == [1])
        async with process.no_connections():
            process.go.set()
            await asyncio.sleep(1.0)
            assert process.begun == [1]
        await _until(lambda: process.done == [1, 2])


async def test_a_worker_whose_heartbeat_failed_once_is_not_taken_for_lost(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "CONNECTED_WITHIN", 0.2)
    monkeypatch.setattr(jobs_module, "STALLED", 3.0)  # a busy machine may be late by a second
    async with Process(postgres_url).opened() as process, Process(postgres_url).opened() as other:
        assert await process.put(1)
        await _until(lambda: process.begun == [1] or other.begun == [1])
        busy, idle = (process, other) if process.begun else (other, process)
        async with busy.no_connections():
            await asyncio.sleep(0.5)
        await asyncio.sleep(4.0)  # STALLED, and more
        busy.go.set()
        await _until(lambda: busy.done == [1])
        assert not idle.begun


async def test_a_worker_hears_of_jobs_again_after_it_could_not_connect(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "POLL", 60.0)
    async with Process(postgres_url).opened() as process:
        async with _no_new_connections(postgres_url):
            await process.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE left(query, 6) = 'LISTEN'"
            )
            await asyncio.sleep(0.5)
        await asyncio.sleep(1.5)
        process.go.set()
        assert await process.put(1)
        await _until(lambda: process.done == [1])


async def test_a_worker_whose_database_is_away_ends_when_it_is_told(postgres_url: str) -> None:
    async with Process(postgres_url).opened() as process:
        await process.put(1)
        await _until(lambda: process.begun == [1])
        await process.execute("ALTER TABLE procrastinate_workers RENAME TO gone")
        process.go.set()


async def test_a_turn_that_was_kept_and_not_queued_is_queued_after_a_while(
    many: Many, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "LOOK_EVERY", timedelta(seconds=0.3))
    async with many.serving(apart=False) as reception:
        put = Jobs.put
        monkeypatch.setattr(Jobs, "put", _nothing)
        await reception.receive(many.incoming("hello"))
        monkeypatch.setattr(Jobs, "put", put)
        await many.until("hello")


async def test_what_runs_or_waits_is_not_queued_again(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "LOOK_EVERY", timedelta(seconds=0.2))
    async with many.serving(apart=False) as reception:
        await reception.receive(many.incoming("slow one"))
        await reception.receive(many.incoming("hello"))
        await many.until("slow")
        await asyncio.sleep(1.0)
        queue = reception._answering.queue
        rows = await queue._jobs._connector.execute_query_all_async(  # type: ignore[attr-defined]
            "SELECT status, count(*) AS number FROM procrastinate_jobs GROUP BY status"
        )
        assert {row["status"]: row["number"] for row in rows} == {"doing": 1, "todo": 1}
        many.skills[-1].go_on.set()
        await many.until("slow one", "hello")


async def test_a_turn_that_counted_as_lost_and_was_not_is_answered_once(many: Many) -> None:
    async with many.serving(apart=False) as reception:
        await reception.receive(many.incoming("slow one"))
        await many.until("slow")
        queue = reception._answering.queue
        manager = queue._jobs.app.job_manager  # type: ignore[attr-defined]
        for job in await manager.list_jobs_async(status="doing"):
            await manager.retry_job(job)
        await asyncio.sleep(2.5)  # until it is fetched once more, here
        many.skills[-1].go_on.set()
        await many.until("slow one")
        await reception.receive(many.incoming("hello"))
        await many.until("slow one", "hello")


async def test_a_channel_that_closes_hands_back_at_once_what_another_process_delivers(many: Many) -> None:
    async with many.serving(apart=False) as one:
        await one.receive(many.incoming("slow one"))
        await many.until("slow")
        two_skill = len(many.skills)
        async with many.serving(apart=False) as two:
            one._answering.queue.close_channel(Channel.TELEGRAM, "parley")
            many.skills[two_skill].go_on.set()
            await many.until("slow one")
            assert two is not one


async def test_who_leads_a_channel_does_not_wait_until_the_one_before_counts_as_lost(
    many: Many, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "STALLED", 600.0)
    async with many.serving(apart=False) as reception:
        reception._answering.close_channel(MemoryOutlets(many.platform))
        await reception.receive(many.incoming("hello"))
    async with Process(postgres_url).opened(working=False) as killed:
        manager = killed.jobs.app.job_manager
        assert await manager.fetch_job(None, await manager.register_worker()) is not None
    async with many.serving(apart=False, alone=True):
        await many.until("hello", within=10)


async def test_a_turn_is_taken_out_where_it_runs_and_waits_once_more(many: Many) -> None:
    async with many.serving(apart=False) as reception:
        turn = await reception.receive(many.incoming("slow one"))
        await many.until("slow")
        assert turn is not None
        queue = reception._answering.queue
        assert await queue.put(turn)
        assert await queue.cancel(turn.id)
        kept = await many.storage.read(lambda work: work.turns.get(turn.id))
        assert kept is not None
        assert kept.state is TurnState.INTERRUPTED


async def test_a_process_that_comes_back_does_not_stop_the_answer_that_is_anothers_by_now(many: Many) -> None:
    async with many.working(), many.serving() as reception:
        turn = await reception.receive(many.incoming("steady 1 2 3 4 5"))
        await _until(lambda: many.platform.texts(HERE))
        assert turn is not None
        await many.storage.run(lambda work: work.deliveries.take_up(turn.id, NOW))  # as another process does
        await asyncio.sleep(2.5)  # until it was to show more, and learns of that
        kept = await many.storage.read(lambda work: work.turns.get(turn.id))
        assert kept is not None
        assert kept.state is TurnState.WORKING


async def test_a_worker_ends_a_turn_that_was_stopped_before_it_came_to_it(many: Many) -> None:
    async with many.serving() as reception:
        turn = await reception.receive(many.incoming("slow one"))
        assert turn is not None
        await asyncio.sleep(0.5)
        await many.storage.run(lambda work: work.deliveries.stop(turn.id))
        async with many.working():
            await many.until("(stopped)")


@asynccontextmanager
async def _no_new_connections(url: str) -> AsyncIterator[None]:
    """The server lets nobody in to this database for a while; who is connected stays."""
    name = conninfo_to_dict(plain_url(url))["dbname"]
    async with await AsyncConnection.connect(plain_url(url), dbname="postgres", autocommit=True) as server:
        for allowed in (False, True):
            await server.execute(
                SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(Identifier(str(name)), Literal(allowed))
            )
            if not allowed:
                yield


async def _nothing(*arguments: object, **more: object) -> bool:
    return True


async def _until(condition: object, within: float = 20.0) -> None:
    assert callable(condition)
    clock = asyncio.get_running_loop().time
    end = clock() + within
    while not condition():
        assert clock() < end, "this never came about"
        await asyncio.sleep(0.02)
