"""Threads that each compute a batch alone, side by side.

torch would spread each operation of one batch over all threads, and let them wait for each other after each. On small
models that costs more than it gives, and many times more where other programs want the processor, too.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import torch

from models.encoders.bert import BertForward

if TYPE_CHECKING:
    from models.encoders.forward import Rows, Vectors

_LARGEST_BATCH, _SMALLEST_BATCH = 512, 128  # tokens; measured: more leave the processor's cache
_WORTH_ALL_THREADS = 6e9
"""Multiplications of a lone batch (.03 s on a core that multiplies bf16). With fewer it is not worth a second pool of
OpenMP's threads: where all pools have more threads than there are cores, GNU's let theirs sleep between two operations,
and the generative model beside it writes a third slower (3.5 s became 4.6 s for eight texts at once, 2 cores), for as
long as the second pool's first thread lives."""


class SideBySide:
    """A `Forward` over a compact pass. Its threads end with it.

    A lone batch, which a question is, has threads of its own, so that it does not wait behind a document's passages.
    """

    def __init__(self, inner: BertForward, threads: int) -> None:
        self._inner = inner
        self._threads = threads
        self._many = _single_threaded(threads)
        self._lone = _single_threaded(threads)
        # A pool of OpenMP's threads belongs to the thread that first needed it, so one thread has all large lone ones.
        self._large = ThreadPoolExecutor(1, thread_name_prefix="encoder-large")

    def tokens_per_batch(self, total: int) -> int:
        return min(max(total // self._threads, _SMALLEST_BATCH), _LARGEST_BATCH)

    def __call__(self, batches: Sequence[Rows]) -> Iterator[Vectors]:
        if len(batches) > 1:
            return self._many.map(self._inner, batches)
        if batches and self._inner.multiplications(batches[0]) > _WORTH_ALL_THREADS:
            return self._large.map(self._inner, batches)
        return self._lone.map(self._inner, batches)


def _single_threaded(count: int) -> ThreadPoolExecutor:
    """Start threads in which torch's operations use one thread each.

    torch keeps that number by thread, but takes it for threads that it meets later from whoever set it last, so all are
    met here and then the number is put back.
    """
    before, met = torch.get_num_threads(), threading.Barrier(count)

    def meet(_: int) -> None:
        torch.set_num_threads(1)
        torch.get_num_threads()  # only now torch has met this thread
        met.wait()

    pool = ThreadPoolExecutor(count, thread_name_prefix="encoder")
    try:
        list(pool.map(meet, range(count)))
    finally:
        torch.set_num_threads(before)
    return pool
