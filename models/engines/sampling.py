"""Choosing the next token of one request. It owns its random numbers, so nobody else's request changes its text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

from models.types import GenerationRequest


class Constraint(Protocol):
    """Holds a text to a form, token by token."""

    def allow(self, scores: Tensor) -> Tensor:
        """Give the scores, shape (1, vocabulary), with those of tokens that may not come next at minus infinity."""
        ...

    def take(self, token: int) -> None: ...


class Sampler:
    """Chooses tokens as the request asks: greedy or random, with transformers' own processors in their order."""

    def __init__(self, request: GenerationRequest, device: torch.device, constraint: Constraint | None = None) -> None:
        self._greedy = request.temperature <= 0
        self._constraint = constraint
        self._processors = _processors(request)
        self._random = torch.Generator(device)
        self._random.manual_seed(request.seed) if request.seed is not None else self._random.seed()

    @property
    def plain(self) -> bool:
        """Whether it takes the likeliest token and nothing else."""
        return self._greedy and not self._processors and self._constraint is None

    def choose(self, ids: Sequence[int], logits: Tensor) -> int:
        """Give the next token after `ids`; `logits` has the shape (1, vocabulary)."""
        scores: Any = logits.float()
        if self._constraint is not None:
            scores = self._constraint.allow(scores)
        if self._processors:
            seen: Any = torch.tensor([list(ids)], device=scores.device)
            scores = self._processors(seen, scores)
        if self._greedy:
            token = int(scores.argmax(-1))
        else:
            token = int(torch.multinomial(scores.softmax(-1), 1, generator=self._random))
        if self._constraint is not None:
            self._constraint.take(token)
        return token


def _processors(request: GenerationRequest) -> LogitsProcessorList:
    chosen = LogitsProcessorList()
    if request.repetition_penalty != 1.0:
        chosen.append(RepetitionPenaltyLogitsProcessor(request.repetition_penalty))
    if request.temperature > 0:
        if request.temperature != 1.0:
            chosen.append(TemperatureLogitsWarper(request.temperature))
        if request.top_p < 1.0:
            chosen.append(TopPLogitsWarper(request.top_p))
    return chosen
