"""The texts that the paged engine's loop is writing: given to it, taken step by step, and mended when it dies."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from models.engines.failures import translated
from models.engines.paged.failures import no_room
from models.engines.paged.job import PagedJob, Post
from models.engines.paged.keeper import LoopKeeper
from models.engines.paged.places import Places
from models.errors import EngineFailed

if TYPE_CHECKING:
    from models.engines.paged.loop import PagedLoop

_ATTEMPTS = 2  # to go on after the loop died
_LONGEST_STEP = 1.0  # seconds; a longer time between two outputs was a pause, and tells nothing of the rate


class Writing:
    """All of it happens in the engine's own thread. A text whose event loop is closed is dropped."""

    def __init__(self, name: str, keeper: LoopKeeper, places: Places) -> None:
        self._name = name
        self._keeper = keeper
        self._places = places
        self._running: dict[str, PagedJob] = {}  # by request id
        self._ids = map(str, itertools.count(1))
        self._last_step = 0.0

    def __bool__(self) -> bool:
        """Whether anything is being written."""
        return bool(self._running)

    def start(self, job: PagedJob, loop: PagedLoop, post: Post) -> None:
        """Give a text to the loop, or let it fail where the cache is smaller than its prompt."""
        prompt, new = job.begin(next(self._ids))
        room = loop.capacity_tokens - len(prompt)
        if room <= 0:
            post.add(job, no_room(len(prompt), self._name))
            self.drop(job)
            return
        if new > room:
            job.limit, new = len(job.tokens) + room, room
        if job.text.constraint is not None:
            new = 1
        self._running[job.request_id] = job
        loop.add(job.request_id, prompt, new, job.options(loop.vocabulary))

    def take(self, outputs: Sequence[Any]) -> None:
        """Take one step's outputs."""
        loop, loaded = self._keeper.loop, self._keeper.loaded
        if loop is None or loaded is None:
            return
        post = Post()
        broken = [self._running[one.request_id] for one in outputs if one.error and one.request_id in self._running]
        if broken and loop.dying:
            self.mend()
            return
        for job in broken:
            post.add(job, EngineFailed(f"The model '{self._name}' could not take up this request."))
            self.drop(job)
        self._note_rate(outputs)
        for output in outputs:
            if output.request_id in self._running:  # else it was cancelled while the step was computed
                self._take_one(self._running[output.request_id], output, loop, loaded.eos, post)
        self.send(post)

    def drop(self, job: PagedJob) -> None:
        """Free what a request holds: its place, and its pages."""
        job.done = True
        loop = self._keeper.loop
        if self._running.pop(job.request_id, None) is not None and loop is not None:
            loop.cancel(job.request_id)
            loop.reused(job.request_id)
        self._places.leave(job)

    def send(self, post: Post) -> None:
        """Send all, and drop those for whom nobody waits any more."""
        for job in post.send():
            self.drop(job)

    def mend(self) -> None:
        """Start a loop in the place of one that died, and go on with what it was writing."""
        jobs, self._running = list(self._running.values()), {}
        error = self._keeper.restart()
        _, loop = self._keeper.opened()
        post = Post()
        for job in jobs:
            if job.attempts >= _ATTEMPTS:
                post.add(job, translated(error, self._name))
                self.drop(job)
            else:
                job.attempts += 1
                self.start(job, loop, post)
        self.send(post)

    def _take_one(self, job: PagedJob, output: Any, loop: PagedLoop, eos: frozenset[int], post: Post) -> None:
        if not job.tokens:
            job.reused = loop.reused(job.request_id)
        post.add(job, *job.take(output.generated_tokens, output.is_finished(), eos))
        if job.ticket is not None:
            job.ticket.written = len(job.tokens)
        if job.done:
            self.drop(job)
        elif job.paused:
            del self._running[job.request_id]
            loop.reused(job.request_id)
            self.start(job, loop, post)

    def _note_rate(self, outputs: Sequence[Any]) -> None:
        now = time.monotonic()
        jobs = [self._running[one.request_id] for one in outputs if one.request_id in self._running]
        new = sum(len(job.text.prompt) for job in jobs if not job.tokens)
        seconds = now - self._last_step
        if jobs and seconds < _LONGEST_STEP:
            self._places.record(prompt=new, written=len(jobs), seconds=seconds)
        self._last_step = now
