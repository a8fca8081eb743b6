"""Choosing the next tokens inside transformers' continuous batching, each request by its own temperature and seed.

The library's own processors share one random state among all requests, so a seed could not be kept, and they sort the
whole vocabulary for top_p. Here each request draws one number per token from its seed and the token's position alone:
the same request gets the same numbers whatever else is in the batch, after a pause, and on every GPU of a group.
All of it is tensor work of fixed shape, so that CUDA graphs can hold it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessorList
from transformers.generation.continuous_batching.cb_logits_processors import ContinuousBatchingLogitsProcessorList

from models.engines.paged.marks import Marks

CANDIDATES = 256
"""Sampling looks at so many of the likeliest tokens; what lies beyond has next to no probability."""

_TEMPERATURE, _TOP_P, _DRAW, _PENALTY, _MARKS, ADAPTER = range(6)
_KNOWN = {"temperature", "top_p", "seed", "penalty", "allowed", "adapter"}


class RequestSampling(ContinuousBatchingLogitsProcessorList):
    """Stands in the place of the library's list of logits processors; the manager must run without `do_sample`.

    A request's `logit_processor_kwargs` are `temperature` (0: greedy), `top_p`, `seed`, `penalty` (of repetition, 1:
    none), `allowed` (of shape (vocabulary,), for its first token) and `adapter` (0: none), all optional. Six rows of
    numbers go to the device with each batch: temperature, top_p, the draw, the penalty, the row of the marks, and the
    adapter.
    """

    def __init__(self, marks: Marks) -> None:
        super().__init__(LogitsProcessorList())
        self.tensors_required = 6
        self.do_processing = True
        self._marks = marks

    def check_kwargs(self, kwargs: Mapping[str, Any]) -> None:
        """Refuse what is unknown. Raises ValueError, which fails that request alone."""
        if unknown := kwargs.keys() - _KNOWN:
            raise ValueError(f"unknown sampling options: {', '.join(sorted(unknown))}")

    def fill_defaults(self, int32_tensor: Tensor) -> None:
        """Fill what a batch without requests holds, shape (4, 1): greedy, no adapter."""
        int32_tensor.zero_()

    def prepare_tensor_args(self, requests_in_batch: Sequence[Any], arg_storage: Tensor) -> Tensor:
        """Write the rows: the adapter by the order of the requests, the others by that of the tokens to come."""
        coming = [one.state for one in requests_in_batch if one.has_new_token]
        options = [state.logit_processor_kwargs for state in coming]
        numbers = torch.tensor(
            [
                [float(one.get("temperature", 0.0)) for one in options],
                [float(one.get("top_p", 1.0)) for one in options],
                [draw(one.get("seed", 0), state.position_offset) for one, state in zip(options, coming, strict=True)],
                [float(one.get("penalty", 1.0)) for one in options],
            ],
            dtype=torch.float32,
        )
        arg_storage[:_MARKS, : len(coming)] = numbers.view(torch.int32).to(arg_storage.device)
        rows = torch.tensor(self._marks.rows(coming), dtype=torch.int32)
        arg_storage[_MARKS] = 0  # what fills up a batch may mark nobody's text
        arg_storage[_MARKS, : len(coming)] = rows.to(arg_storage.device)
        adapters = [one.state.logit_processor_kwargs.get("adapter", 0) for one in requests_in_batch]
        arg_storage[ADAPTER, : len(adapters)] = torch.tensor(adapters, dtype=torch.int32).to(arg_storage.device)
        return arg_storage

    def __call__(self, input_ids: Tensor, scores: Tensor, logits_processor_args: Tensor) -> Tensor:
        """Lift the drawn token of each sampled row above all others, so that the argmax that follows takes it.

        `scores` has shape (rows, vocabulary). Greedy rows stay as they are, but for
        their marks.
        """
        rows = logits_processor_args[:_MARKS, : scores.size(0)].view(torch.float32)
        marked = logits_processor_args[_MARKS, : scores.size(0)].long()
        scores = self._marks.apply(scores, marked, rows[_PENALTY])
        chosen = sample(scores, rows[_TEMPERATURE], rows[_TOP_P], rows[_DRAW])
        lift = torch.zeros_like(rows[_TEMPERATURE]).masked_fill(rows[_TEMPERATURE] > 0, torch.inf).to(scores.dtype)
        scores = scores.scatter_add(-1, chosen.unsqueeze(-1), lift.unsqueeze(-1))
        self._marks.add(marked, scores.argmax(-1))
        return scores


def sample(scores: Tensor, temperature: Tensor, top_p: Tensor, draws: Tensor) -> Tensor:
    """Give one token a row, shape (rows,): softmax at the temperature, cut to the nucleus, at the place of the draw.

    `scores` are logits of shape (rows, vocabulary); `draws` lie in [0, 1). Source of the cut: Holtzman et al. 2020.
    """
    likeliest, tokens = scores.topk(min(CANDIDATES, scores.size(-1)), dim=-1)
    shares = (likeliest / temperature.clamp(min=1e-4).unsqueeze(-1)).softmax(-1)
    before = shares.cumsum(-1) - shares
    shares = shares.masked_fill(before >= top_p.clamp(min=1e-6).unsqueeze(-1), 0.0)
    reach = shares.cumsum(-1)
    place = (reach <= draws.unsqueeze(-1) * reach[:, -1:]).sum(-1).clamp(max=tokens.size(-1) - 1)
    return tokens.gather(-1, place.unsqueeze(-1)).squeeze(-1)


def draw(seed: int, position: int) -> float:
    """Give the number in [0, 1) that belongs to a seed and a token's position."""
    digest = blake2b(struct.pack("<Qq", seed % 2**64, position), digest_size=3).digest()
    return int.from_bytes(digest, "little") / 2**24  # 24 bits: what a float32 holds exactly
