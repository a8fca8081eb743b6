"""One request while it is computed: its prompt, then its text and where that ends, or the judgement of others' text."""

from __future__ import annotations

import threading
from collections.abc import Sequence as Row
from typing import Protocol, TypeVar

from models.engines.adapter_names import marked
from models.engines.lookup import Lookup
from models.engines.sampling import Sampler
from models.engines.stops import StopFilter
from models.engines.tokenizing import ChatTokenizer, PieceDecoder
from models.types import Finished, FinishReason, GenerationEvent, GenerationRequest, TextChunk

T = TypeVar("T", contravariant=True)


class Asker(Protocol[T]):
    """Who asked: takes results or an error, and may give up."""

    cancelled: threading.Event

    def deliver(self, result: T) -> None: ...

    def fail(self, error: Exception) -> None: ...


class Prompt:
    """Tokens, and how far they were computed."""

    def __init__(self, ids: Row[int], asker: Asker[T], *, room: int, exact: bool, adapter: int = 0) -> None:
        self.ids = list(ids)
        self.prompt_tokens = len(self.ids)
        self.most_tokens = self.prompt_tokens + room  # how long its row can become
        self.exact = exact  # whether kept beginnings must give the very same numbers as computing anew
        self.adapter = adapter
        self.computed = 0  # tokens whose keys and values lie in its row
        self.from_prompt = 0  # of those, how many were computed as a prompt on nothing else than such
        self.reused = 0
        self.done = False
        self.deadline: float | None = None
        self._cancelled = asker.cancelled
        self._fail = asker.fail

    @property
    def over(self) -> bool:
        """Whether nothing more is to be done for it."""
        return self.done or self._cancelled.is_set()

    @property
    def marked(self) -> list[int]:
        """The tokens as kept beginnings are known by."""
        return marked(self.ids, self.adapter)

    @property
    def written(self) -> int:
        return len(self.ids) - self.prompt_tokens

    def finish(self, reason: FinishReason) -> None:
        """End it."""
        self.done = True

    def fail(self, error: Exception) -> None:
        """End it with an error."""
        self.done = True
        self._fail(error)


class Scoring(Prompt):
    """A prompt whose possible continuations are to be judged."""

    def __init__(self, ids: Row[int], continuations: Row[Row[int]], asker: Asker[list[float]]) -> None:
        super().__init__(ids, asker, room=sum(map(len, continuations)), exact=False)
        self.continuations = continuations
        self._deliver = asker.deliver

    def judge(self, scores: list[float]) -> None:
        """Hand over the scores."""
        self._deliver(scores)
        self.finish(FinishReason.STOP)


class Sequence(Prompt):
    """A text that is written after a prompt, at most `limit` tokens."""

    def __init__(
        self,
        ids: Row[int],
        request: GenerationRequest,
        limit: int,
        asker: Asker[GenerationEvent],
        sampler: Sampler,
        tokenizer: ChatTokenizer,
        adapter: int = 0,
    ) -> None:
        super().__init__(ids, asker, room=limit, exact=request.seed is not None, adapter=adapter)
        self.sampler = sampler
        self._limit = limit
        self._lookup = Lookup()
        self._deliver = asker.deliver
        self._pieces = PieceDecoder(tokenizer)
        self._stops = StopFilter(request.stop)

    def guess(self, most: int) -> list[int]:
        """At most so many tokens that may come next; none where the text is not simply the likeliest."""
        return self._lookup.guess(self.ids, min(most, self._limit - self.written - 1)) if self.sampler.plain else []

    def take(self, token: int, ends: frozenset[int]) -> None:
        """Append a token, and give out the text that is whole by it."""
        if token in ends:
            self.finish(FinishReason.STOP)
            return
        self.ids.append(token)
        if text := self._stops.feed(self._pieces.feed(token)):
            self._deliver(TextChunk(text))
        if self._stops.stopped:
            self.finish(FinishReason.STOP)
        elif self.written >= self._limit:
            self.finish(FinishReason.LENGTH)

    def finish(self, reason: FinishReason) -> None:
        """End the text; what was held back for a stop string that did not come is shown."""
        super().finish(reason)
        if text := self._stops.flush():
            self._deliver(TextChunk(text))
        self._deliver(Finished(reason, self.prompt_tokens, self.written, self.reused))
