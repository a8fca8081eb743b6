"""procrastinate's manager of jobs, for processes that may be paused, or cut off, for longer than their lease.

procrastinate changes a job by its id alone: a process that comes back, and whose job is another's by now, would take
it away from the other. Here a job's attempts, which grow each time it is put back, must be those that it began with.

procrastinate also notes the end of a job once, and where that fails the job counts as being worked on, with its lock,
for as long as its worker lives; a heartbeat that fails once is its last, and so is a listener that cannot connect. Here
what could not be noted is noted later, and heart and ears go on. A connection that is not free in time is waited for
again; procrastinate would end the worker, and break off all that it does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from procrastinate.connector import BaseAsyncConnector
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback
from procrastinate.utils import utcnow
from psycopg_pool import PoolTimeout

log = logging.getLogger(__name__)

LISTEN_AGAIN = 1.0  # seconds
HANDED_BACK = "handed_back"
"""Beside a job's arguments: how many of its attempts were broken off on purpose, by a process that ended in peace."""

_MINE = """
WITH mine AS MATERIALIZED (
    SELECT id FROM procrastinate_jobs
    WHERE id = %(job_id)s AND status = 'doing' AND attempts = %(attempts)s
    FOR UPDATE
)
"""
_EXCUSE = f"""{_MINE}
UPDATE procrastinate_jobs SET args = jsonb_set(args, '{{{HANDED_BACK}}}', to_jsonb(%(handed_back)s::int))
FROM mine WHERE procrastinate_jobs.id = mine.id
"""  # noqa: S608
_FINISH = f"{_MINE} SELECT procrastinate_finish_job_v1(mine.id, %(status)s, %(delete_job)s) FROM mine"  # noqa: S608
_RETRY = f"{_MINE} SELECT procrastinate_retry_job_v2(mine.id, %(retry_at)s, NULL, NULL, NULL) FROM mine"  # noqa: S608


class OwnJobs(JobManager):
    """Ends or puts back what is still the caller's; all else is let be. `settle` wants calling now and then."""

    def __init__(self, connector: BaseAsyncConnector) -> None:
        super().__init__(connector)
        self._owed: list[Callable[[], Awaitable[None]]] = []

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        try:
            return await super().fetch_job(queues, worker_id)
        except ConnectorException as error:
            if _no_connection(error):
                return None  # it polls
            raise

    async def update_heartbeat(self, worker_id: int) -> None:
        with suppress(ConnectorException):
            await super().update_heartbeat(worker_id)

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        while True:
            with suppress(ConnectorException):
                await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            await asyncio.sleep(LISTEN_AGAIN)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        await self._or_later(partial(self._change, _FINISH, job, status=status.value, delete_job=delete_job))

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Priority, queue and lock stay as they are. Where the same waits once more already, that takes its place."""
        await self._or_later(partial(self._put_back, job, retry_at or utcnow()))

    async def settle(self) -> None:
        """Note the ends that could not be noted when they came. Raises ConnectorException."""
        while self._owed:
            await self._owed[0]()
            del self._owed[0]

    async def _or_later(self, change: Callable[[], Awaitable[None]]) -> None:
        try:
            await change()
        except ConnectorException as error:
            log.warning("the end of a job could not be noted yet (%s)", type(error).__name__)
            self._owed.append(change)

    async def _put_back(self, job: Job, retry_at: datetime) -> None:
        if (handed_back := job.task_kwargs.get(HANDED_BACK)) is not None:
            await self._change(_EXCUSE, job, handed_back=handed_back)
        try:
            await self._change(_RETRY, job, retry_at=retry_at)
        except UniqueViolation:
            await self._change(_FINISH, job, status=Status.FAILED.value, delete_job=True)

    async def _change(self, query: str, job: Job, **values: Any) -> None:
        await self.connector.execute_query_async(query, job_id=job.id, attempts=job.attempts, **values)


def _no_connection(error: ConnectorException) -> bool:
    """All of the pool's connections were in use, and nothing was asked of the database."""
    return isinstance(error.__cause__, PoolTimeout)
