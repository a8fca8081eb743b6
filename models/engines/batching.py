"""The heart of the CPU engine: sequences come into the batch and leave it between any two steps.

    batch.add(sequence)                  # while batch.fits(tokens)
    while batch.busy:
        for sequence in batch.advance(): ...   # done or given up: its row is free

One prompt is computed at a time, in pieces; between the pieces those that are being written go on.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from models.engines.adapters import Adapters
from models.engines.decoding import Decoder, SlotDecoder
from models.engines.failures import is_out_of_memory
from models.engines.sequence import Prompt, Scoring, Sequence
from models.engines.slots import grains
from models.errors import EngineFailed
from models.types import FinishReason

_PROMPT_SECONDS = 0.5
"""So long may prompts hold up what is being written, at a piece's end. Channels show a growing text about once a
second, and the fewer steps are made with half the rows, the sooner all are done: eight at once take .84 of the time
that they take with .1."""
Record = Callable[[int, int, float], None]
"""Takes how many tokens of prompts and of new text were computed, and in how many seconds."""


class Batch:
    """Sequences on one decoder, at most `rows` at once, whose keys and values take at most `memory` bytes.

    `guesses`: a text that is written alone is guessed ahead (lookup.py).

    Used by one thread. Memory that runs out is met by fewer rows: whose row was taken away is computed anew later.
    """

    def __init__(
        self,
        decoder: Decoder,
        ends: frozenset[int],
        *,
        rows: int,
        memory: int,
        record: Record = lambda *_: None,
        adapters: Adapters | None = None,
        guesses: bool = True,
    ) -> None:
        self._decoder = decoder
        self._ends = ends
        self._rows = rows
        self._memory = memory
        self._record = record
        self._adapters = adapters
        self._guesser = decoder if guesses and isinstance(decoder, SlotDecoder) else None
        self._coming: deque[Prompt] = deque()  # the first may be half computed
        self._writing: list[Sequence] = []  # by row

    @property
    def busy(self) -> bool:
        return bool(self._coming or self._writing)

    def __len__(self) -> int:
        return len(self._coming) + len(self._writing)

    def fits(self, tokens: int) -> bool:
        """Whether one more of that length has room now. One alone always has: the context bounds it."""
        if not self.busy:
            return True
        longest = max([tokens, *(sequence.most_tokens for sequence in self._all())])
        needed = (len(self) + 2) * grains(longest) * self._decoder.bytes_per_token
        return len(self) < self._rows and needed <= self._memory

    def add(self, prompt: Prompt) -> None:
        """Let a prompt in; it is computed after those that came before it."""
        self._coming.append(prompt)

    def advance(self) -> list[Prompt]:
        """Do one step for all; give those that left. Raises what the model raises, but for want of memory."""
        before = self._all()
        try:
            self._prefill()
            self._decode()
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            self._retreat()
        self._sweep()
        return [prompt for prompt in before if prompt not in self._all()]

    def _all(self) -> list[Prompt]:
        return [*self._writing, *self._coming]

    def _prefill(self) -> None:
        """Compute prompts for a while, and at least a piece of one."""
        start = time.monotonic()
        while self._coming and len(self._writing) < self._rows and not self._coming[0].over:
            self._piece(self._coming[0])
            if time.monotonic() - start > _PROMPT_SECONDS:
                break

    def _piece(self, prompt: Prompt) -> None:
        start = time.monotonic()
        self._decoder.reserve(len(self), max(one.most_tokens for one in self._all()))
        if not prompt.computed:
            self._open(prompt)
        before = prompt.computed
        if self._adapters:
            self._adapters.opened = prompt.adapter
        prompt.computed, logits = self._decoder.prefill(prompt.ids, before)
        self._record(prompt.computed - before, 0, time.monotonic() - start)
        if prompt.computed < len(prompt.ids):
            return
        self._decoder.keep(None, prompt.marked, prompt.from_prompt)
        if isinstance(prompt, Scoring):
            prompt.judge(self._decoder.score(prompt.computed, logits, prompt.continuations))
        elif isinstance(prompt, Sequence):
            self._decoder.settle(len(self._writing), prompt.computed)
            self._coming.popleft()
            self._writing.append(prompt)
            prompt.take(prompt.sampler.choose(prompt.ids, logits), self._ends)

    def _open(self, prompt: Prompt) -> None:
        prompt.computed, pure = self._decoder.open(prompt.marked, exact=prompt.exact)
        prompt.reused = min(prompt.computed, prompt.prompt_tokens)
        prompt.from_prompt = prompt.prompt_tokens if prompt.computed == pure else pure

    def _decode(self) -> None:
        if any(sequence.over for sequence in self._writing) or not self._writing:
            return  # they leave first
        start = time.monotonic()
        if self._adapters:
            self._adapters.rows = [sequence.adapter for sequence in self._writing]
        if len(self._writing) == 1 and (written := self._guessed(self._writing[0])):
            self._record(0, written, time.monotonic() - start)
            return
        logits = self._decoder.decode(
            [sequence.ids[-1] for sequence in self._writing], [sequence.computed for sequence in self._writing]
        )
        likeliest = logits.argmax(-1).tolist()
        for row, sequence in enumerate(self._writing):
            sequence.computed += 1
            plain = sequence.sampler.plain
            token = likeliest[row] if plain else sequence.sampler.choose(sequence.ids, logits[row : row + 1])
            sequence.take(token, self._ends)
        self._record(0, len(self._writing), time.monotonic() - start)

    def _guessed(self, sequence: Sequence) -> int:
        """Compute tokens that may come next, and keep those that do; gives how many came, 0 where none can be guessed.
        With several texts a step has no room to spare.
        """
        guesser = self._guesser
        if guesser is None or not (guess := sequence.guess(guesser.guesses)):
            return 0
        logits = guesser.decode_row(0, [sequence.ids[-1], *guess], sequence.computed)
        before = sequence.written
        for token, guessed in zip(logits.argmax(-1).tolist(), [*guess, None], strict=True):
            sequence.computed += 1
            sequence.take(token, self._ends)
            if sequence.over or token != guessed:
                break
        return max(sequence.written - before, 1)

    def _sweep(self) -> None:
        """Take out those that are done, late or given up; the last rows fill the holes."""
        now = time.monotonic()
        for prompt in self._all():
            if not prompt.over and prompt.deadline is not None and prompt.deadline <= now:
                prompt.finish(FinishReason.DEADLINE)
        left = [prompt for prompt in self._all() if prompt.over]  # asked once: people give up at any time
        self._coming = deque(prompt for prompt in self._coming if prompt not in left)
        for row in range(len(self._writing) - 1, -1, -1):
            if self._writing[row] in left:
                self._leave(row)

    def _leave(self, row: int) -> None:
        gone, last = self._writing[row], self._writing.pop()
        self._decoder.keep(row, gone.marked[: gone.computed], gone.from_prompt)
        if row < len(self._writing):
            self._decoder.move(len(self._writing), row, last.computed)
            self._writing[row] = last

    def _retreat(self) -> None:
        """Go on with half as many rows; all are computed anew, with what they have written as part of the prompt."""
        if self._rows == 1 or len(self) == 1:
            alone = self._all()[0]
            alone.fail(EngineFailed("The model ran out of memory. Use a smaller model, or a shorter text."))
        self._rows = max(min(self._rows, len(self)) // 2, 1)
        self._coming = deque(prompt for prompt in self._all() if not prompt.done)
        self._writing.clear()
        self._decoder.drop()
        for prompt in self._coming:
            prompt.computed = 0
