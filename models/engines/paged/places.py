"""The places in the paged engine: who waits for one, who has one, and until when. It puts a lock around the queue."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from models.engines.admission import SHORT_WORK, AdmissionQueue, Ticket
from models.engines.paged.job import PagedJob, PagedLook
from models.types import Waiting

if TYPE_CHECKING:
    from models.engines.paged.loop import PagedLoop


class Places:
    """May be called from any thread. Its length is how many wait."""

    def __init__(self, queue: AdmissionQueue[PagedJob | PagedLook]) -> None:
        self._queue = queue
        self._lock = threading.Lock()

    def __len__(self) -> int:
        with self._lock:
            return len(self._queue)

    def everyone(self) -> list[PagedJob | PagedLook]:
        """Those who wait, and then those who have a place."""
        return [ticket.item for ticket in self._tickets()]

    def deadlines(self) -> list[float]:
        """Theirs, of those who have one, by the clock of `time.monotonic`."""
        return [ticket.deadline for ticket in self._tickets() if ticket.deadline is not None]

    def enter(self, job: PagedJob) -> None:
        """Queue a request. Raises Overloaded."""
        request = job.text.request
        deadline = None if request.deadline is None else time.monotonic() + request.deadline
        with self._lock:
            job.ticket = self._queue.enter(
                job,
                prompt=len(job.text.prompt),
                new=job.limit,
                person=request.person,
                priority=request.priority,
                deadline=deadline,
            )

    def enter_look(self, look: PagedLook) -> None:
        """Queue scores, as short work. Raises Overloaded."""
        priority = min(look.caller.priority, SHORT_WORK)
        with self._lock:
            look.ticket = self._queue.enter(look, prompt=look.size, new=0, person=look.caller.person, priority=priority)

    def leave(self, item: PagedJob | PagedLook) -> None:
        """Free its place, or end its waiting; twice does no harm."""
        if item.ticket is not None:
            with self._lock:
                self._queue.leave(item.ticket)

    def late(self) -> list[PagedJob]:
        """The texts whose time is over. Those that waited have left; the others still have their places."""
        now = time.monotonic()
        with self._lock:
            late = self._queue.expire(now)
            late += [one for one in self._queue.running if one.deadline is not None and one.deadline <= now]
        return [ticket.item for ticket in late if isinstance(ticket.item, PagedJob)]

    def admit(self, loop: PagedLoop) -> PagedJob | PagedLook | None:
        """Let in who is next, if the loop has room for it. A look takes nothing of the cache."""
        with self._lock:
            taken = sum(_pages(ticket, loop) for ticket in self._queue.running)
            room = loop.capacity_tokens - taken
            ticket = self._queue.admit(lambda ticket: _pages(ticket, loop) <= room or taken == 0)
            return None if ticket is None else ticket.item

    def news(self) -> list[tuple[PagedJob, Waiting]]:
        """What those who wait are to be told."""
        with self._lock:
            return [(ticket.item, told) for ticket, told in self._queue.news() if isinstance(ticket.item, PagedJob)]

    def record(self, *, prompt: int, written: int, seconds: float) -> None:
        """Learn the engine's rate."""
        with self._lock:
            self._queue.record(prompt=prompt, written=written, seconds=seconds)

    def _tickets(self) -> list[Ticket[PagedJob | PagedLook]]:
        with self._lock:
            return [*self._queue.waiting, *self._queue.running]


def _pages(ticket: Ticket[PagedJob | PagedLook], loop: PagedLoop) -> int:
    """The tokens of the cache that it may take."""
    return loop.pages_of(ticket.tokens) if isinstance(ticket.item, PagedJob) else 0
