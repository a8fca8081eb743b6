"""transformers' own forward pass: over the slots where a model looks back at all tokens, else one at a time."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import Cache, CacheLayerMixin, DynamicLayer

from models.engines.adapters import Adapters
from models.engines.mixed import FEW_ROWS, FloatEmbedding
from models.engines.slots import FIRST, OPENED, PIECE, Slots, Step


def looks_back_at_all(model: Any) -> bool:
    """Whether its cache is plain keys and values, so that rows of any length can share a step.

    Sliding windows and recurrent states are not, and a model that takes no positions finds them out from the mask.
    """
    layers = DynamicCache(config=model.config).layers
    return bool(layers) and all(type(layer) is DynamicLayer for layer in layers) and _takes(model, "position_ids")


class TransformersForward:
    """A `Forward` over a model for which `looks_back_at_all`."""

    def __init__(self, model: Any, adapters: Adapters | None = None) -> None:
        self._model = model
        self._adapters = adapters
        self._layers = len(DynamicCache(config=model.config).layers)
        self._takes_keep = _takes(model, "logits_to_keep")
        mixed = isinstance(model.get_input_embeddings(), FloatEmbedding)
        self.device: torch.device = model.device
        self.dtype: torch.dtype = torch.float32 if mixed else model.dtype
        # The kernels for one to three rows of float32 add up in another order than those for more.
        self.fewest_rows = 4 if self.dtype == torch.float32 and not mixed else 1
        self.most_rows = FEW_ROWS if mixed else 1 << 30
        self.guesses = 0

    def __call__(self, ids: Tensor, step: Step, slots: Slots, keep: int) -> Tensor:
        if self._adapters:
            self._adapters.use_rows(None if step.first == OPENED else step.first - FIRST, len(ids))
        output = self._model(
            input_ids=ids,
            attention_mask=step.mask,
            position_ids=step.positions,
            past_key_values=Cache(layers=[_SlotLayer(index, slots, step) for index in range(self._layers)]),
            use_cache=True,
            **({"logits_to_keep": keep} if self._takes_keep else {}),
        )
        logits: Tensor = output.logits[:, -keep:]
        return logits


class _SlotLayer(CacheLayerMixin):  # type: ignore[no-untyped-call]  # transformers' classes carry few types
    """What one layer of the model sees of the slots during one step."""

    is_sliding = False

    def __init__(self, index: int, slots: Slots, step: Step) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._index, self._slots, self._step = index, slots, step

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None: ...

    def update(self, key_states: Tensor, value_states: Tensor, *_: object, **__: object) -> tuple[Tensor, Tensor]:
        return self._slots.update(self._index, key_states, value_states, self._step)

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self._step.width, 0

    def get_seq_length(self) -> int:
        return self._step.start or 0

    def get_max_length(self) -> int:
        return -1


class SingleDecoder:
    """A `Decoder` for models with caches of other kinds: each row has its own, and takes its own pass."""

    bytes_per_token = 0
    _OPENED = -1

    def __init__(self, model: Any, adapters: Adapters | None = None) -> None:
        self._model = model
        self._adapters = adapters
        self._caches: dict[int, Any] = {}
        self._takes_keep = _takes(model, "logits_to_keep")

    def reserve(self, rows: int, tokens: int) -> None: ...

    def open(self, ids: Sequence[int], *, exact: bool) -> tuple[int, int]:
        self._caches[self._OPENED] = DynamicCache(config=self._model.config)
        return 0, 0

    def prefill(self, ids: Sequence[int], start: int) -> tuple[int, Tensor]:
        end = min(start + PIECE, len(ids))
        self._choose(None)
        return end, self._pass(ids[start:end], self._caches[self._OPENED])[:, -1]

    def score(self, length: int, first: Tensor, continuations: Sequence[Sequence[int]]) -> list[float]:
        found = []
        for tokens in continuations:
            lines = first.float()
            if len(tokens) > 1:
                rest = self._pass(tokens[:-1], copy.deepcopy(self._caches[self._OPENED]), keep=len(tokens) - 1)
                lines = torch.cat([lines, rest[0].float()])
            chosen = lines.log_softmax(-1)[range(len(tokens)), list(tokens)]
            found.append(float(chosen.sum()) / max(len(tokens), 1))
        return found

    def settle(self, row: int, tokens: int) -> None:
        self.move(self._OPENED, row, tokens)

    def move(self, source: int, target: int, tokens: int) -> None:
        self._caches[target] = self._caches.pop(source)

    def decode(self, tokens: Sequence[int], lengths: Sequence[int]) -> Tensor:
        return torch.cat([self._next(row, token) for row, token in enumerate(tokens)])

    def keep(self, row: int | None, ids: Sequence[int], from_prompt: int) -> None: ...

    def drop(self) -> None:
        self._caches.clear()

    def _next(self, row: int, token: int) -> Tensor:
        self._choose(row)
        return self._pass([token], self._caches[row])[:, -1]

    def _choose(self, row: int | None) -> None:
        if self._adapters:
            self._adapters.use_row(row)

    @torch.inference_mode()
    def _pass(self, ids: Sequence[int], cache: Any, keep: int = 1) -> Tensor:
        output = self._model(
            input_ids=torch.tensor([list(ids)], device=self._model.device),
            past_key_values=cache,
            use_cache=True,
            **({"logits_to_keep": keep} if self._takes_keep else {}),
        )
        logits: Tensor = output.logits[:, -keep:]
        return logits


def _takes(model: Any, parameter: str) -> bool:
    return parameter in inspect.signature(model.forward).parameters
