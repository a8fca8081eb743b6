"""What the thread of the paged engine does: lets requests in, has the loop write them, and outlives what goes wrong."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from traceback import format_tb
from typing import TYPE_CHECKING, Any, TypeVar

from models.engines.admission import AdmissionQueue
from models.engines.failures import is_out_of_memory, translated
from models.engines.paged.failures import gone
from models.engines.paged.job import PagedJob, PagedLook, Post
from models.engines.paged.keeper import LoopKeeper, Open
from models.engines.paged.mailbox import Mailbox
from models.engines.paged.places import Places
from models.engines.paged.writing import Writing
from models.errors import ModelError
from models.types import FinishReason

if TYPE_CHECKING:
    from models.engines.loading import LoadedModel

_LOG = logging.getLogger(__name__)
_LOOK_AFTER = 1.0  # seconds after which a silent loop is looked at

T = TypeVar("T")


class PagedWorker:
    """Runs a model in a thread of its own, where `open_` loads it and makes the loop.

    Whoever asks calls `enter`, `leave` and `ask` from any thread. All else happens in the worker's own thread.
    """

    def __init__(self, name: str, open_: Open, waiting: AdmissionQueue[PagedJob | PagedLook]) -> None:
        self._name = name
        self._mailbox = Mailbox(name, self._run)
        self._places = Places(waiting)
        self._keeper = LoopKeeper(name, open_, self._deliver)
        self._writing = Writing(name, self._keeper, self._places)

    def check_open(self) -> None:
        """Raises EngineFailed after `close`."""
        self._mailbox.check_open()

    def enter(self, job: PagedJob) -> None:
        """Queue a request. Raises Overloaded, or EngineFailed after `close`."""
        with self._mailbox.held_open():
            self._places.enter(job)
        self._mailbox.put(lambda: None)

    def enter_look(self, look: PagedLook) -> None:
        """Queue scores, as short work. Raises Overloaded, or EngineFailed after `close`."""
        with self._mailbox.held_open():
            self._places.enter_look(look)
        self._mailbox.put(lambda: None)

    def leave(self, job: PagedJob) -> None:
        """Give up a request; its pages are free before the next step. Does no harm to one that has ended."""
        if not job.done:
            self._mailbox.put(lambda: self._writing.drop(job))

    def leave_look(self, look: PagedLook) -> None:
        """Free the place of scores that are computed, or that nobody waits for any more."""
        self._places.leave(look)

    def ask(self, work: Callable[[LoadedModel], T], *, pause: bool = True) -> Future[T]:
        """Have work done on the model between two steps, or beside them without the `pause`.

        The future raises what the work raises, or EngineFailed.
        """
        future: Future[T] = Future()
        with self._mailbox.held_open():
            self._mailbox.put(lambda: self._work(work, future, pause=pause))
        return future

    def layout(self) -> dict[str, Any]:
        """How the loop runs; empty where there is none."""
        loop = self._keeper.loop
        return loop.layout() if loop is not None else {}

    def close(self) -> None:
        """Fail what waits or is written, free the model, and wait for the end of the thread."""
        self._mailbox.close()

    def _deliver(self, outputs: Sequence[Any]) -> None:
        self._mailbox.put(lambda: self._writing.take(outputs))

    def _run(self) -> None:
        while not self._mailbox.closed:
            try:
                do = self._mailbox.next(self._patience())
            except queue.Empty:
                do = self._look_after
            try:
                if do is not None and not self._mailbox.closed:
                    do()
                    self._let_in()
            except ModelError as error:
                self._fail_all(error)
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever a library raises
                # The error's own text may hold people's words, so only its kind and place are logged.
                place = "".join(format_tb(error.__traceback__))
                _LOG.error("%s failed: %s\n%s", self._name, type(error).__name__, place)
                self._fail_all(translated(error, self._name))
                self._keeper.abandon()
        self._fail_all(gone(self._name))
        self._keeper.end()
        for do in self._mailbox.rest():
            do()

    def _patience(self) -> float | None:
        """How long nothing may happen before a look: until the next deadline, or a while if something is written."""
        seconds = [deadline - time.monotonic() for deadline in self._places.deadlines()]
        if self._writing:
            seconds.append(_LOOK_AFTER)
        return max(min(seconds), 0.0) if seconds else None

    def _look_after(self) -> None:
        if self._writing and self._keeper.dying:
            self._writing.mend()

    def _let_in(self) -> None:
        """End what is late, give the loop what it has room for, and tell the others how long it takes."""
        post = Post()
        for job in self._places.late():
            post.add(job, *job.finish(FinishReason.DEADLINE))
            self._writing.drop(job)
        while len(self._places):
            _, loop = self._keeper.opened()
            admitted = self._places.admit(loop)
            if admitted is None:
                break
            if isinstance(admitted, PagedLook):
                self._work(admitted.work, admitted.future, pause=True)
                self.leave_look(admitted)
            else:
                self._writing.start(admitted, loop, post)
        for job, waiting in self._places.news():
            post.add(job, waiting)
        self._writing.send(post)

    def _work(self, work: Callable[[LoadedModel], T], future: Future[T], *, pause: bool) -> None:
        if not future.set_running_or_notify_cancel():
            return
        if self._mailbox.closed:
            future.set_exception(gone(self._name))
            return
        try:
            loaded, loop = self._keeper.opened()
            with loop.paused() if pause else nullcontext():
                future.set_result(work(loaded))
        except ModelError as error:
            future.set_exception(error)
        except Exception as error:
            future.set_exception(translated(error, self._name))
            if self._keeper.dying:
                self._writing.mend()
            elif not is_out_of_memory(error):
                raise

    def _fail_all(self, error: ModelError) -> None:
        post = Post()
        everyone = self._places.everyone()
        for job in [one for one in everyone if isinstance(one, PagedJob)]:
            post.add(job, error)
            self._writing.drop(job)
        post.send()
        for look in [one for one in everyone if isinstance(one, PagedLook)]:
            self.leave_look(look)
            if not look.future.done() and look.future.set_running_or_notify_cancel():
                look.future.set_exception(error)
