"""What each text's next token is held back from: what the text holds already, and what its form does not allow.

The marks lie on the device in a table with a row for each text that needs one, so that a step can read and add to them
without waiting for the host: the next batch is prepared before the tokens of this one are known there.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

_HELD, _FORBIDDEN = 1, 2


class Marks:
    """A table of marks for `texts` texts, shape (texts + 1, vocabulary); row 0 is without, for all that need none.

    `stream` is the one that steps are computed on (None on a CPU): what is laid out on it is there before the next
    step, and after the one before, which may still write to a row that another text gets.
    """

    def __init__(self, texts: int, vocabulary: int, device: torch.device) -> None:
        self.stream: Any = None
        self._table = torch.zeros((texts + 1, vocabulary), dtype=torch.uint8, device=device)
        self._rows: dict[str, int] = {}
        self._free = list(range(texts, 0, -1))

    @property
    def vocabulary(self) -> int:
        return int(self._table.shape[1])

    def rows(self, states: Sequence[Any]) -> list[int]:
        """Give the rows of a batch's requests, and free those of all others: whoever comes back later is laid out anew,
        and the host knows all of its tokens by then.
        """
        wanted = {state.request_id: state for state in states if _needs_marks(state.logit_processor_kwargs)}
        for gone in self._rows.keys() - wanted.keys():
            self._free.append(self._rows.pop(gone))
        for request_id, state in wanted.items():
            if request_id not in self._rows:
                self._rows[request_id] = self._free.pop()
                self._lay_out(self._rows[request_id], state)
        return [self._rows.get(state.request_id, 0) for state in states]

    def apply(self, scores: Tensor, rows: Tensor, penalties: Tensor) -> Tensor:
        """Give the scores, shape (texts, vocabulary), with the repetition penalty (Keskar et al. 2019: CTRL), and minus
        infinity where a token is forbidden.
        """
        marks = self._table[rows]
        penalties = penalties.unsqueeze(-1)
        weaker = torch.where(scores > 0, scores / penalties, scores * penalties)
        scores = torch.where((marks & _HELD).bool(), weaker, scores)
        return scores.masked_fill((marks & _FORBIDDEN).bool(), -torch.inf)

    def add(self, rows: Tensor, tokens: Tensor) -> None:
        """Note the tokens that the texts of these rows now hold, one each; row 0 stays without."""
        held = self._table[rows, tokens] | (rows > 0).to(torch.uint8) * _HELD
        self._table.index_put_((rows, tokens), held)

    def _lay_out(self, row: int, state: Any) -> None:
        marks = torch.zeros(self.vocabulary, dtype=torch.uint8)
        marks[state.initial_tokens + state.generated_tokens] = _HELD
        allowed = state.logit_processor_kwargs.get("allowed")
        if allowed is not None:
            marks |= (~allowed).to(torch.uint8) * _FORBIDDEN
        if self._table.device.type == "cuda":
            marks = marks.pin_memory()
        with self._on_stream():
            self._table[row].copy_(marks, non_blocking=True)

    def _on_stream(self) -> AbstractContextManager[Any]:
        return nullcontext() if self.stream is None else torch.cuda.stream(self.stream)


def _needs_marks(options: dict[str, Any]) -> bool:
    return options.get("penalty", 1.0) != 1.0 or options.get("allowed") is not None
