"""procrastinate's manager of jobs, for processes that may be paused, or cut off, for longer than their lease.

procrastinate changes a job by its id alone: a process that comes back, and whose job is another's by now, would take
it away from the other. Here a job's attempts, which grow each time it is put back, must be those that it began with.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.utils import utcnow

log = logging.getLogger(__name__)

_MINE = """
WITH mine AS MATERIALIZED (
    SELECT id FROM procrastinate_jobs
    WHERE id = %(job_id)s AND status = 'doing' AND attempts = %(attempts)s
    FOR UPDATE
)
"""
_FINISH = f"{_MINE} SELECT procrastinate_finish_job_v1(mine.id, %(status)s, %(delete_job)s) FROM mine"  # noqa: S608
_RETRY = f"{_MINE} SELECT procrastinate_retry_job_v2(mine.id, %(retry_at)s, NULL, NULL, NULL) FROM mine"  # noqa: S608


class OwnJobs(JobManager):
    """Ends or puts back what is still the caller's; all else is let be."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        await self._change(_FINISH, job, status=status.value, delete_job=delete_job)

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """Priority, queue and lock stay as they are. Where the same waits once more already, that takes its place."""
        try:
            await self._change(_RETRY, job, retry_at=retry_at or utcnow())
        except UniqueViolation:
            await self.finish_job(job, Status.FAILED, delete_job=True)

    async def _change(self, query: str, job: Job, **values: Any) -> None:
        await self.connector.execute_query_async(query, job_id=job.id, attempts=job.attempts, **values)
