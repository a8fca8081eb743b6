"""The thread that owns a model: it takes requests from the admission queue and works on the batch."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable, Iterable
from traceback import format_tb
from typing import TYPE_CHECKING

from models.engines.admission import SHORT_WORK, AdmissionQueue, Ticket
from models.engines.failures import translated
from models.engines.work import Work, Write
from models.errors import EngineFailed, ModelError
from models.types import Finished, FinishReason

if TYPE_CHECKING:
    from models.engines.batching import Record
    from models.engines.running import Running

_LOG = logging.getLogger(__name__)
_CLOSED = "The model was closed while this was being written. Start Parley again and ask once more."


class Server:
    """Runs one model in its own thread, which starts with the first work and ends with `close`.

    `load` gives the model when it is first needed, and again after it failed; it is handed what learns the engine's
    rate. The methods may be called from any thread.
    """

    def __init__(self, name: str, load: Callable[[Record], Running], *, slots: int, bound: int) -> None:
        self._name = name
        self._load = load
        self._queue: AdmissionQueue[Work] = AdmissionQueue(slots=slots, bound=bound)
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._running: Running | None = None
        self._closed = False

    def submit(self, work: Work) -> Ticket[Work]:
        """Let work wait for its turn. Raises Overloaded, or EngineFailed when closed."""
        with self._changed:
            self.check_open()
            if isinstance(work, Write):
                text, request = work.text, work.text.request
                ticket = self._queue.enter(
                    work,
                    prompt=len(text.prompt),
                    new=text.limit,
                    person=request.person,
                    priority=request.priority,
                    deadline=None if request.deadline is None else time.monotonic() + request.deadline,
                )
            else:
                size = len(work.prompt) + sum(map(len, work.continuations))
                priority = min(work.caller.priority, SHORT_WORK)
                ticket = self._queue.enter(work, prompt=size, new=0, person=work.caller.person, priority=priority)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"parley-{self._name}", daemon=True)
                self._thread.start()
                # A thread that is inside the library when Python ends aborts the whole process.
                atexit.register(self.close)
            self._changed.notify_all()
        return ticket

    def check_open(self) -> None:
        """Raises EngineFailed when closed."""
        if self._closed:
            raise EngineFailed(_CLOSED)

    def give_up(self, ticket: Ticket[Work]) -> None:
        """Nobody waits for it any more: its place is free at once, its row after the step that is being computed."""
        ticket.item.job.cancelled.set()
        with self._changed:
            if ticket not in self._queue.running:
                self._queue.leave(ticket)
            self._changed.notify_all()

    def close(self) -> None:
        """Fail what runs or waits, and free the model. Waits for the step that is being computed."""
        with self._changed:
            self._closed = True
            thread, self._thread = self._thread, None
            self._changed.notify_all()
        if thread is not None:
            thread.join()
            atexit.unregister(self.close)

    def _run(self) -> None:
        while self._wait():
            try:
                self._turn()
            except ModelError as error:
                self._fail_all(error)
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever a library raises
                # The error's own text may hold people's words, so only its kind and place are logged.
                trace = "".join(format_tb(error.__traceback__))
                _LOG.error("%s failed: %s\n%s", self._name, type(error).__name__, trace)
                self._fail_all(translated(error, self._name))
        self._fail_all(EngineFailed(_CLOSED))

    def _wait(self) -> bool:
        """Sleep while there is nothing to do; False when the engine is closed."""
        with self._changed:
            while not (self._closed or len(self._queue) or self._queue.running):
                self._changed.wait()
            return not self._closed

    def _turn(self) -> None:
        """Let in who is next, tell the others where they are, and do one step."""
        if self._running is None:
            self._running = self._load(self._record)
        running = self._running
        with self._changed:
            late = self._queue.expire(time.monotonic())
            admitted = []
            # Each is let in before the next is asked for, as it takes of the room.
            while (ticket := self._queue.admit(lambda ticket: running.fits(ticket))) is not None:
                admitted.append(ticket)
                running.admit(ticket)
            news = self._queue.news()
        for ticket in late:
            if isinstance(ticket.item, Write):
                ticket.item.job.deliver(Finished(FinishReason.DEADLINE, ticket.prompt, 0))
        for ticket, waiting in news:
            if isinstance(ticket.item, Write):
                ticket.item.job.deliver(waiting)
        self._leave(running.advance())

    def _record(self, prompt: int, written: int, seconds: float) -> None:
        with self._changed:
            self._queue.record(prompt=prompt, written=written, seconds=seconds)

    def _leave(self, tickets: Iterable[Ticket[Work]]) -> None:
        with self._changed:
            for ticket in tickets:
                self._queue.leave(ticket)

    def _fail_all(self, error: ModelError) -> None:
        """Nothing of what was computed may be trusted; the model is loaded anew at the next request."""
        with self._changed:
            tickets = [*self._queue.running, *self._queue.waiting]
            for ticket in tickets:
                self._queue.leave(ticket)
        self._running = None
        for ticket in tickets:
            ticket.item.job.fail(error)
