"""procrastinate, as Parley uses it: opened, with its tables, its workers kept running, lost jobs taken up again.

A worker's heartbeat is its lease: where it stays away for `STALLED`, its jobs are another's. What the lost process may
still do to a turn is fenced off by the turn's attempts (`bot.storage.fencing`), and to a job by the job's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import AlreadyEnqueued, ProcrastinateException
from procrastinate.jobs import Job

from bot.errors import StorageError
from bot.queueing.own_jobs import HANDED_BACK, OwnJobs

log = logging.getLogger(__name__)

HEARTBEAT, STALLED = 2.0, 10.0  # seconds
RECOVER_EVERY = 2.0
POLL = 2.0  # in case a notification was lost
CONNECTIONS, CONNECTED_WITHIN = 12, 5.0  # seconds
UNREACHABLE = "The database of the queue cannot be reached ({kind}). Parley goes on trying."
_SCHEMA_LOCK = 0x7061726C
_NAMES = (
    "SELECT queueing_lock AS name FROM procrastinate_jobs WHERE queue_name = %(queue)s AND status IN ('todo', 'doing')"
)
_INSTALLED = "SELECT to_regclass('procrastinate_jobs') IS NOT NULL AS there"


class Again(BaseRetryStrategy):
    """A job that was broken off goes back: what it stands for is in the turn's row, which ends by itself."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        return RetryDecision(retry_in={"seconds": 0 if isinstance(exception, asyncio.CancelledError) else 1})


class Jobs:
    """One process's door to the queue. `url` is one that psycopg takes.

    >>> async def serve(jobs: Jobs) -> None:
    ...     jobs.task("answer", some_work)
    ...     async with jobs.opened():
    ...         await jobs.put("answer", "queue", {"turn": 7}, lock="a conversation", once="answer 7")
    """

    def __init__(self, url: str, stop_seconds: float = 10.0) -> None:
        self._connector = PsycopgConnector(conninfo=url, min_size=1, max_size=CONNECTIONS, timeout=CONNECTED_WITHIN)
        self._stop_seconds = stop_seconds
        self.app = App(connector=self._connector)
        self._manager = self.app.job_manager = OwnJobs(self._connector)

    def task(self, name: str, work: Callable[..., Awaitable[None]]) -> None:
        """Name a task; `work` is given what it was put with, and as `attempts` how often it was broken off before, but
        for the times when it was handed back.
        """

        async def run(context: JobContext, /, **arguments: Any) -> None:
            handed_back = arguments.pop(HANDED_BACK, 0)
            try:
                await work(**arguments, attempts=context.job.attempts - handed_back)
            except asyncio.CancelledError:  # kept as the job is put back
                context.job.task_kwargs[HANDED_BACK] = handed_back + 1
                raise

        self.app.task(name=name, retry=Again(), pass_context=True)(run)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open, with procrastinate's tables made if they are missing. Raises StorageError."""
        try:
            async with self.app.open_async():
                await self._install()
                recovering = asyncio.create_task(self._recover())
                try:
                    yield
                finally:
                    recovering.cancel()
                    await asyncio.gather(recovering, return_exceptions=True)
        except (ProcrastinateException, psycopg.Error) as error:
            raise StorageError(UNREACHABLE.format(kind=type(error).__name__)) from None

    async def put(
        self,
        task: str,
        queue: str,
        arguments: dict[str, Any],
        lock: str,
        once: str,
        priority: int = 0,
        after: float = 0.0,
    ) -> bool:
        """Put a job behind those of its lock that have its priority; False if one named `once` waits already. Raises
        StorageError.
        """
        later = {"schedule_in": {"milliseconds": round(after * 1000)}} if after > 0 else {}
        job = self.app.configure_task(task, queue=queue, lock=lock, queueing_lock=once, priority=priority, **later)  # type: ignore[arg-type]
        try:
            await job.defer_async(**arguments)
        except AlreadyEnqueued:
            return False
        except (ProcrastinateException, psycopg.Error) as error:
            raise StorageError(UNREACHABLE.format(kind=type(error).__name__)) from None
        return True

    async def withdraw(self, once: str) -> bool:
        """Take out a job that waits. Raises StorageError."""
        try:
            waiting = await self.app.job_manager.list_jobs_async(status="todo", queueing_lock=once)
            return any([await self.app.job_manager.cancel_job_by_id_async(job.id, delete_job=True) for job in waiting])  # type: ignore[arg-type]
        except (ProcrastinateException, psycopg.Error) as error:
            raise StorageError(UNREACHABLE.format(kind=type(error).__name__)) from None

    async def is_running(self, once: str) -> bool:
        """Whether any process works on the job named `once`. Raises StorageError."""
        try:
            return bool(list(await self.app.job_manager.list_jobs_async(status="doing", queueing_lock=once)))
        except (ProcrastinateException, psycopg.Error) as error:
            raise StorageError(UNREACHABLE.format(kind=type(error).__name__)) from None

    async def names(self, queue: str) -> set[str]:
        """The names (`once`) of a queue's jobs that wait or are worked on. Raises StorageError."""
        try:
            rows = await self._connector.execute_query_all_async(_NAMES, queue=queue)
        except (ProcrastinateException, psycopg.Error) as error:
            raise StorageError(UNREACHABLE.format(kind=type(error).__name__)) from None
        return {row["name"] for row in rows}

    async def put_back(self, queue: str) -> None:
        """Put back what any process works on, for one that knows itself to be the queue's only one by now: there is no
        need to wait until the others' heartbeats have stayed away.
        """
        try:
            for job in await self.app.job_manager.list_jobs_async(queue=queue, status="doing"):
                await self.app.job_manager.retry_job(job)
        except (ProcrastinateException, psycopg.Error) as error:
            log.warning("jobs of an earlier process could not be put back (%s)", type(error).__name__)

    async def work(self, queues: Sequence[str], at_once: int) -> None:
        """Work on queues until cancelled, whatever becomes of the database meanwhile. Jobs that run then are finished
        within `stop_seconds`, or go back.
        """
        while True:
            try:
                await self.app.run_worker_async(
                    queues=list(queues),
                    concurrency=at_once,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=self._stop_seconds,
                    fetch_job_polling_interval=POLL,
                    abort_job_polling_interval=POLL,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=STALLED,
                )
            except (ProcrastinateException, psycopg.Error) as error:
                log.warning("the queue's database is away (%s)", type(error).__name__)
            _end_if_cancelled()
            await asyncio.sleep(1.0)

    async def notify(self, channel: str, payload: str) -> None:
        """Tell all processes something, of at most 8,000 bytes; lost where the database is away."""
        try:
            await self._connector.execute_query_async(
                "SELECT pg_notify(%(channel)s, %(payload)s)", channel=channel, payload=payload
            )
        except (ProcrastinateException, psycopg.Error) as error:
            log.info("other processes could not be told something (%s)", type(error).__name__)

    async def listen(self, channel: str, hear: Callable[[str], None]) -> None:
        """Hear what all processes tell, until cancelled."""

        async def heard(*, channel: str, payload: str) -> None:
            hear(payload)

        while True:
            try:
                await self._connector.listen_notify(on_notification=heard, channels=[channel])
            except (ProcrastinateException, psycopg.Error) as error:
                log.warning("nothing can be heard from other processes (%s)", type(error).__name__)
            _end_if_cancelled()
            await asyncio.sleep(1.0)

    async def _install(self) -> None:
        """Make procrastinate's tables; two processes that start together wait for each other."""
        async with self._connector.pool.connection() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_SCHEMA_LOCK,))
            there = await (await connection.execute(_INSTALLED)).fetchone()
            if not (there and there[0]):
                await connection.execute(self.app.schema_manager.get_schema())

    async def _recover(self) -> None:
        """Put the jobs of lost workers back, and note what could not be noted, again and again."""
        manager = self._manager
        while True:
            try:
                await manager.settle()
                for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED):
                    log.warning("a job of a lost process is taken up again")
                    await manager.retry_job(job)
            except (ProcrastinateException, psycopg.Error) as error:
                log.warning("lost jobs cannot be looked for (%s)", type(error).__name__)
            await asyncio.sleep(RECOVER_EVERY)


def _end_if_cancelled() -> None:
    """Raises CancelledError where the task was told to end, and an error on the way took that one's place."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
