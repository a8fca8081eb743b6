"""The thread of the paged engine: lets requests in, turns tokens into text, and starts the loop anew when it dies."""

from __future__ import annotations

import atexit
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from traceback import format_tb
from typing import TYPE_CHECKING, Any, TypeVar

from models.engines.admission import SHORT_WORK, AdmissionQueue, Ticket
from models.engines.failures import is_out_of_memory, translated
from models.engines.paged.failures import gone, no_room
from models.engines.paged.job import PagedJob, PagedLook, Post
from models.errors import EngineFailed, ModelError
from models.types import Caller, FinishReason

if TYPE_CHECKING:
    from models.engines.loading import LoadedModel
    from models.engines.paged.loop import PagedLoop

_LOG = logging.getLogger(__name__)
_LOOK_AFTER = 1.0  # seconds after which a silent loop is looked at
_ATTEMPTS = 2  # to go on after the loop died

T = TypeVar("T")
Open = Callable[[Callable[[Sequence[Any]], None]], "tuple[LoadedModel, PagedLoop]"]


class PagedWorker:
    """Owns the model. `open` loads it and makes the loop, in this thread; it is asked again after a failure to.

    Whoever asks calls `enter`, `leave` and `ask` from any thread. All else happens in the worker's own thread.
    """

    def __init__(self, name: str, open_: Open, waiting: AdmissionQueue[PagedJob | PagedLook]) -> None:
        self._name = name
        self._open = open_
        self._waiting = waiting
        self._lock = threading.Lock()  # around the queue
        self._inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._running: dict[str, PagedJob] = {}
        self._loaded: LoadedModel | None = None
        self._loop: PagedLoop | None = None
        self._closed = threading.Event()
        self._count = 0
        self._last_step = 0.0
        self._thread: threading.Thread | None = None

    def check_open(self) -> None:
        """Raises EngineFailed after `close`."""
        if self._closed.is_set():
            raise gone(self._name)

    def enter(self, job: PagedJob) -> None:
        """Queue a request. Raises Overloaded, or EngineFailed after `close`."""
        request = job.text.request
        deadline = None if request.deadline is None else time.monotonic() + request.deadline
        self._queue(job, Caller(request.person, request.priority), len(job.text.prompt), job.limit, deadline)

    def enter_look(self, look: PagedLook) -> None:
        """Queue scores, as short work. Raises Overloaded, or EngineFailed after `close`."""
        self._queue(look, Caller(look.caller.person, min(look.caller.priority, SHORT_WORK)), look.size)

    def leave(self, job: PagedJob) -> None:
        """Give up a request; its pages are free before the next step. Does no harm to one that has ended."""
        if not job.done:
            self._inbox.put(lambda: self._drop(job))

    def leave_look(self, look: PagedLook) -> None:
        """Free the place of scores that are computed, or that nobody waits for any more."""
        if look.ticket is not None:
            with self._lock:
                self._waiting.leave(look.ticket)

    def ask(self, work: Callable[[LoadedModel], T], *, pause: bool = True) -> Future[T]:
        """Have work done on the model between two steps, or beside them without the `pause`.

        The future raises what the work raises, or EngineFailed.
        """
        future: Future[T] = Future()
        with self._lock:
            self.check_open()
            self._inbox.put(lambda: self._work(work, future, pause=pause))
            self._begin()
        return future

    def layout(self) -> dict[str, Any]:
        """How the loop runs; empty where there is none."""
        loop = self._loop
        return loop.layout() if loop is not None else {}

    def close(self) -> None:
        """Fail what waits or is written, free the model, and wait for the end of the thread."""
        with self._lock:
            self._closed.set()
        self._inbox.put(None)
        if self._thread is not None:
            self._thread.join()
            atexit.unregister(self.close)

    def _queue(
        self, item: PagedJob | PagedLook, caller: Caller, prompt: int, new: int = 0, deadline: float | None = None
    ) -> None:
        with self._lock:
            self.check_open()
            item.ticket = self._waiting.enter(
                item, prompt=prompt, new=new, person=caller.person, priority=caller.priority, deadline=deadline
            )
            self._begin()
        self._inbox.put(lambda: None)

    def _begin(self) -> None:
        """Start the thread at the first request. The loop's thread is a daemon, too, since a daemon starts it."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"parley-{self._name}", daemon=True)
            self._thread.start()
            atexit.register(self.close)  # a thread that is inside the library when Python ends aborts the process

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                do = self._inbox.get(timeout=self._patience())
            except queue.Empty:
                do = self._look_after
            try:
                if do is not None and not self._closed.is_set():
                    do()
                    self._let_in()
            except ModelError as error:
                self._fail_all(error)
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever a library raises
                # The error's own text may hold people's words, so only its kind and place are logged.
                place = "".join(format_tb(error.__traceback__))
                _LOG.error("%s failed: %s\n%s", self._name, type(error).__name__, place)
                self._fail_all(translated(error, self._name))
                self._abandon()
        self._fail_all(gone(self._name))
        self._abandon()
        self._loaded = None
        while not self._inbox.empty():
            if do := self._inbox.get():
                do()

    def _patience(self) -> float | None:
        """How long nothing may happen before a look: until the next deadline, or a while if something is written."""
        with self._lock:
            tickets = [*self._waiting.waiting, *self._waiting.running]
        ends = [ticket.deadline - time.monotonic() for ticket in tickets if ticket.deadline is not None]
        looks = [_LOOK_AFTER] if self._running else []
        return max(min([*ends, *looks]), 0.0) if ends or looks else None

    def _look_after(self) -> None:
        if self._loop is not None and self._running and self._loop.dying:
            self._revive()

    def _let_in(self) -> None:
        """End what is late, give the loop what it has room for, and tell the others how long it takes."""
        post = Post()
        now = time.monotonic()
        with self._lock:
            late = self._waiting.expire(now)
            late += [one for one in self._waiting.running if one.deadline is not None and one.deadline <= now]
        for job in _jobs(late):
            post.add(job, *job.finish(FinishReason.DEADLINE))
            self._drop(job)
        while (admitted := self._next()) is not None:
            if isinstance(admitted, PagedLook):
                self._work(admitted.work, admitted.future, pause=True)
                self.leave_look(admitted)
            else:
                self._start(admitted, post)
        with self._lock:
            for ticket, waiting in self._waiting.news():
                if isinstance(ticket.item, PagedJob):
                    post.add(ticket.item, waiting)
        self._send(post)

    def _next(self) -> PagedJob | PagedLook | None:
        """Who is let in next. A look takes nothing of the cache."""
        with self._lock:
            if not self._waiting.waiting:
                return None
        loop = self._opened()
        with self._lock:
            taken = sum(_pages(ticket, loop) for ticket in self._waiting.running)
            room = loop.capacity_tokens - taken
            ticket = self._waiting.admit(lambda ticket: _pages(ticket, loop) <= room or taken == 0)
            return None if ticket is None else ticket.item

    def _start(self, job: PagedJob, post: Post) -> None:
        assert self._loop is not None
        prompt, new = job.begin(self._new_id())
        room = self._loop.capacity_tokens - len(prompt)
        if room <= 0:
            post.add(job, no_room(len(prompt), self._name))
            self._drop(job)
            return
        if new > room:
            job.limit, new = len(job.tokens) + room, room
        if job.text.constraint is not None:
            new = 1
        self._running[job.request_id] = job
        self._loop.add(job.request_id, prompt, new, job.options(self._loop.vocabulary))

    def _take(self, outputs: Sequence[Any]) -> None:
        """Take one step's outputs."""
        loop, loaded = self._loop, self._loaded
        if loop is None or loaded is None:
            return
        post = Post()
        broken = [self._running[one.request_id] for one in outputs if one.error and one.request_id in self._running]
        if broken and loop.dying:
            self._revive()
            return
        for job in broken:
            post.add(job, EngineFailed(f"The model '{self._name}' could not take up this request."))
            self._drop(job)
        self._note_rate(outputs)
        for output in outputs:
            if output.request_id not in self._running:
                continue  # it was cancelled while the step was computed
            job = self._running[output.request_id]
            if not job.tokens:
                job.reused = loop.reused(job.request_id)
            post.add(job, *job.take(output.generated_tokens, output.is_finished(), loaded.eos))
            if job.ticket is not None:
                job.ticket.written = len(job.tokens)
            if job.done:
                self._drop(job)
            elif job.paused:
                del self._running[job.request_id]
                loop.reused(job.request_id)
                self._start(job, post)
        self._send(post)

    def _note_rate(self, outputs: Sequence[Any]) -> None:
        now = time.monotonic()
        jobs = [self._running[one.request_id] for one in outputs if one.request_id in self._running]
        new = sum(len(job.text.prompt) for job in jobs if not job.tokens)
        seconds = now - self._last_step
        if jobs and seconds < _LOOK_AFTER:
            with self._lock:
                self._waiting.record(prompt=new, written=len(jobs), seconds=seconds)
        self._last_step = now

    def _drop(self, job: PagedJob) -> None:
        """Free what a request holds: its place, and its pages."""
        job.done = True
        if self._running.pop(job.request_id, None) is not None and self._loop is not None:
            self._loop.cancel(job.request_id)
            self._loop.reused(job.request_id)
        if job.ticket is not None:
            with self._lock:
                self._waiting.leave(job.ticket)

    def _send(self, post: Post) -> None:
        for job in post.send():
            self._drop(job)

    def _work(self, work: Callable[[LoadedModel], T], future: Future[T], *, pause: bool) -> None:
        if not future.set_running_or_notify_cancel():
            return
        if self._closed.is_set():
            future.set_exception(gone(self._name))
            return
        try:
            loop = self._opened()
            assert self._loaded is not None
            with loop.paused() if pause else nullcontext():
                future.set_result(work(self._loaded))
        except ModelError as error:
            future.set_exception(error)
        except Exception as error:
            future.set_exception(translated(error, self._name))
            if self._loop is not None and self._loop.dying:
                self._revive()
            elif not is_out_of_memory(error):
                raise

    def _opened(self) -> PagedLoop:
        if self._loop is None:
            self._loaded, loop = self._open(lambda outputs: self._inbox.put(lambda: self._take(outputs)))
            loop.start()
            self._loop = loop
        return self._loop

    def _revive(self) -> None:
        """Start a loop in the place of one that died, and go on with what it was writing."""
        assert self._loop is not None
        error = self._loop.failure()
        _LOG.error("the loop of %s died: %s; it is started anew", self._name, type(error).__name__)
        jobs, self._running = list(self._running.values()), {}
        loop, self._loop = self._loop, None
        loop.stop()
        if is_out_of_memory(error):
            loop.shrink()
        loop.start()  # a ModelError from it ends all that wait, and the next request loads the model anew
        self._loop = loop
        post = Post()
        for job in jobs:
            if job.attempts >= _ATTEMPTS:
                post.add(job, translated(error, self._name))
                self._drop(job)
            else:
                job.attempts += 1
                self._start(job, post)
        self._send(post)

    def _fail_all(self, error: ModelError) -> None:
        post = Post()
        with self._lock:
            tickets = [*self._waiting.waiting, *self._waiting.running]
        for job in _jobs(tickets):
            post.add(job, error)
            self._drop(job)
        post.send()
        for look in [ticket.item for ticket in tickets if isinstance(ticket.item, PagedLook)]:
            self.leave_look(look)
            if not look.future.done() and look.future.set_running_or_notify_cancel():
                look.future.set_exception(error)

    def _abandon(self) -> None:
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.stop()

    def _new_id(self) -> str:
        self._count += 1
        return str(self._count)


def _jobs(tickets: Iterable[Ticket[PagedJob | PagedLook]]) -> list[PagedJob]:
    return [ticket.item for ticket in tickets if isinstance(ticket.item, PagedJob)]


def _pages(ticket: Ticket[PagedJob | PagedLook], loop: PagedLoop) -> int:
    """The tokens of the cache that it may take."""
    return loop.pages_of(ticket.tokens) if isinstance(ticket.item, PagedJob) else 0
