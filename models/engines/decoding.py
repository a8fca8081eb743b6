"""The heart of the in-process engine: from a prompt's tokens to the next ones, on one model, one request at a time."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import (
    DynamicCache,
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)
from transformers.cache_utils import DynamicLayer

from models.engines.loading import LoadedModel
from models.types import GenerationRequest

_PREFILL = 512  # tokens of a prompt between two looks at whether the person still waits


class Cancelled(Exception):  # noqa: N818 - no error: the person stopped waiting
    """The request was given up."""


class Decoder:
    """Owns the model's cache. Used by one thread alone.

    The cache of the last prompt is kept: what the next one shares with it (system prompt, history) is not computed
    again.
    """

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded
        self._model = loaded.model
        takes = inspect.signature(loaded.model.forward).parameters
        self._last_only = {"logits_to_keep": 1} if "logits_to_keep" in takes else {}
        self._kept_ids: list[int] = []
        self._kept_cache: DynamicCache | None = None
        self.reused_tokens = 0  # of the last prompt; for tests and figures

    def tokens(
        self, prompt: Sequence[int], request: GenerationRequest, is_cancelled: Callable[[], bool]
    ) -> Iterator[int]:
        """Yield new tokens until one ends the message (it is not yielded) or the caller closes. Raises Cancelled."""
        with torch.inference_mode():
            processors = _processors(request)
            random = torch.Generator(self._loaded.device)
            random.manual_seed(request.seed) if request.seed is not None else random.seed()
        ids = list(prompt)
        logits = self._prefill(ids, is_cancelled)
        while True:
            with torch.inference_mode():
                token = self._choose(ids, logits, processors, request, random)
            if token in self._loaded.eos:
                return
            yield token
            if is_cancelled():
                raise Cancelled
            ids.append(token)
            logits = self._forward([token])

    def score(self, prompt: Sequence[int], continuations: Sequence[Sequence[int]]) -> list[float]:
        """Give each continuation's mean log-probability per token after the prompt; an empty one gets 0."""
        first = self._prefill(list(prompt), lambda: False)
        with torch.inference_mode():
            start = first.float().log_softmax(-1)[0]
            sums = [float(start[tokens[0]]) if tokens else 0.0 for tokens in continuations]
            longer = [index for index, tokens in enumerate(continuations) if len(tokens) > 1]
            for index, rest in zip(longer, self._score_rest(prompt, [continuations[i] for i in longer]), strict=True):
                sums[index] += rest
        return [total / max(len(tokens), 1) for total, tokens in zip(sums, continuations, strict=True)]

    def _score_rest(self, prompt: Sequence[int], continuations: Sequence[Sequence[int]]) -> list[float]:
        """Sum the log-probabilities of all tokens but the first, all continuations in one padded batch."""
        if not continuations:
            return []
        width = max(map(len, continuations)) - 1
        device = self._loaded.device
        inputs = torch.zeros((len(continuations), width), dtype=torch.long, device=device)
        targets = torch.full((len(continuations), width), -1, dtype=torch.long, device=device)
        for row, tokens in enumerate(continuations):
            inputs[row, : len(tokens) - 1] = torch.tensor(tokens[:-1])
            targets[row, : len(tokens) - 1] = torch.tensor(tokens[1:])
        mask = torch.cat([torch.ones((len(continuations), len(prompt)), device=device), (targets >= 0).float()], dim=1)
        cache = copy.deepcopy(self._kept_cache)
        assert cache is not None
        cache.batch_repeat_interleave(len(continuations))
        logits = self._model(input_ids=inputs, past_key_values=cache, attention_mask=mask.long(), use_cache=True).logits
        chosen = logits.float().log_softmax(-1).gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
        return [float(value) for value in (chosen * (targets >= 0)).sum(-1)]

    def _prefill(self, ids: list[int], is_cancelled: Callable[[], bool]) -> Tensor:
        """Compute the prompt but for what the kept cache knows; gives the last logits, shape (1, vocabulary)."""
        start = self._reuse(ids)
        self.reused_tokens = start
        while True:
            if is_cancelled():
                raise Cancelled
            piece = ids[start : start + _PREFILL]
            logits = self._forward(piece)
            start += len(piece)
            if start >= len(ids):
                return logits

    @torch.inference_mode()
    def _reuse(self, ids: Sequence[int]) -> int:
        """Crop the kept cache to what it shares with `ids`, at least one token short; gives how many tokens that is."""
        cache, kept = self._kept_cache, self._kept_ids
        shared = 0
        limit = min(len(kept), len(ids) - 1)
        while shared < limit and kept[shared] == ids[shared]:
            shared += 1
        # Sliding windows and recurrent states cannot be cut back to an earlier token.
        if cache is None or shared == 0 or any(type(layer) is not DynamicLayer for layer in cache.layers):
            self._kept_cache, self._kept_ids = DynamicCache(config=self._model.config), []
            return 0
        if len(kept) > shared:
            cache.crop(shared - len(kept))
        self._kept_ids = kept[:shared]
        return shared

    @torch.inference_mode()
    def _forward(self, tokens: Sequence[int]) -> Tensor:
        inputs = torch.tensor([list(tokens)], device=self._loaded.device)
        cache, self._kept_cache = self._kept_cache, None  # a failure half-way leaves a cache that nobody may trust
        output = self._model(input_ids=inputs, past_key_values=cache, use_cache=True, **self._last_only)
        self._kept_cache = output.past_key_values
        self._kept_ids = [*self._kept_ids, *tokens] if len(tokens) > 1 else self._append(tokens[0])
        last: Tensor = output.logits[:, -1, :]
        return last

    def _append(self, token: int) -> list[int]:
        self._kept_ids.append(token)
        return self._kept_ids

    def _choose(
        self,
        ids: Sequence[int],
        logits: Tensor,
        processors: LogitsProcessorList,
        request: GenerationRequest,
        random: torch.Generator,
    ) -> int:
        scores: Any = logits.float()
        if processors:
            seen: Any = torch.tensor([list(ids)], device=logits.device)
            scores = processors(seen, scores)
        if request.temperature <= 0:
            return int(scores.argmax(-1))
        return int(torch.multinomial(scores.softmax(-1), 1, generator=random))


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
