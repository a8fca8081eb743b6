"""LoRA adapters on one base model, so that texts with different adapters share a step without mixing.

    adapters = Adapters(model, {"tutor": Path("adapters/tutor")})
    adapters.use(torch.tensor([[0], [1]]))   # the first row by the base model alone, the second as the tutor
    model(input_ids=…)                       # two rows

Each layer that an adapter changes computes all adapters in two thin products and keeps, token by token, the one that
was chosen (Hu et al. 2021; the batching follows Chen et al. 2023, Punica). Nothing is merged into the weights, so
packed ones serve as well, and all shapes are fixed, so that CUDA graphs hold it. peft reads the folders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.engines.adapter_names import check_adapter
from models.engines.mixed import FloatEmbedding
from models.errors import InvalidWeights

_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"
_PREFIX = "base_model.model."  # what peft puts before the names of the base model's modules


@dataclass(eq=False, slots=True)
class Chosen:
    """The adapters' numbers for the coming pass, 0 for none: shape (rows, tokens) or (rows, 1). None: none at all."""

    numbers: Tensor | None = None


class Adapters:
    """Puts adapters on a model, in place. They are numbered from 1 in the order of `folders`. Used by one thread.

    Raises InvalidWeights for a folder that is none, holds pickles, or was made for another model, and EngineFailed
    without peft.
    """

    def __init__(self, model: Any, folders: Mapping[str, Path]) -> None:
        self._chosen = Chosen()
        self._device = model.device
        self.opened = 0
        self.rows: Sequence[int] = ()
        mixed = isinstance(model.get_input_embeddings(), FloatEmbedding)
        parts: dict[str, list[_Part]] = {}
        for number, (name, folder) in enumerate(folders.items(), start=1):
            for module, part in _read(name, folder, number).items():
                parts.setdefault(module, []).append(part)
        for module, those in parts.items():
            _install(model, module, those, self._chosen, torch.float32 if mixed else model.dtype)

    def use(self, numbers: Tensor | None) -> None:
        """Choose for the coming passes, by row and token."""
        self._chosen.numbers = numbers

    def use_row(self, row: int | None) -> None:
        """Choose what `opened` or `rows` says of a single row; None: the opened one."""
        self._use([self.opened if row is None else self.rows[row]])

    def use_rows(self, first: int | None, count: int) -> None:
        """Choose for that many rows from the first one on; those beyond `rows` are nobody's. None: the opened one."""
        chosen = [self.opened] if first is None else list(self.rows[first : first + count])
        self._use(chosen + [0] * (count - len(chosen)))

    def follow_pages(self, model: Any, row: int) -> None:
        """In a paged loop: take the numbers from that row of the arguments that each step brings along."""

        def choose(_: Any, __: Any, given: dict[str, Any]) -> None:
            arguments = given.get("logits_processor_args")
            if arguments is None:  # no step of the loop
                self._chosen.numbers = None
                return
            ends = given["cu_seq_lens_q"][1:]  # where each request's tokens end in the one long row
            places = torch.arange(given["input_ids"].shape[1], device=ends.device, dtype=ends.dtype)
            request = torch.searchsorted(ends, places, right=True).clamp(max=ends.shape[0] - 1)
            self._chosen.numbers = arguments[row][request].unsqueeze(0)

        model.register_forward_pre_hook(choose, with_kwargs=True)

    def _use(self, numbers: list[int]) -> None:
        self.use(torch.tensor(numbers, device=self._device).unsqueeze(-1) if any(numbers) else None)


class AdaptedLinear(nn.Module):
    """A linear layer, of any kind, and what adapters add to it. Takes (..., in) and gives (..., out).

    `down` has the shape (ranks, in), `up` (out, ranks), and `owners` says whose each rank is.
    """

    down: Tensor
    up: Tensor
    owners: Tensor

    def __init__(self, base: nn.Module, down: Tensor, up: Tensor, owners: Tensor, chosen: Chosen) -> None:
        super().__init__()
        self.base = base
        self._chosen = chosen
        self.register_buffer("down", down)
        self.register_buffer("up", up)
        self.register_buffer("owners", owners)

    @property
    def weight(self) -> Any:
        return self.base.weight

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.base(x)
        numbers = self._chosen.numbers
        if numbers is None:
            return y
        inner = functional.linear(x.to(self.down.dtype), self.down)
        inner = inner * (numbers.unsqueeze(-1) == self.owners)
        return y + functional.linear(inner, self.up).to(y.dtype)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one adapter adds to one layer: `up` has its scale in it."""

    adapter: str
    number: int
    down: Tensor
    up: Tensor


def _read(name: str, folder: Path, number: int) -> dict[str, _Part]:
    """Read an adapter's parts by the name of the module that they belong to."""
    check_adapter(name, folder)
    from peft import LoraConfig, PeftConfig
    from peft.utils import load_peft_weights

    try:
        config: Any = PeftConfig.from_pretrained(str(folder))
        weights: dict[str, Tensor] = load_peft_weights(str(folder), device="cpu")
    except Exception as error:  # peft and safetensors raise what they like
        raise InvalidWeights(f"The adapter '{name}' cannot be read. Save or fetch it anew.") from error
    downs = {key.removesuffix(_DOWN): one for key, one in weights.items() if key.endswith(_DOWN)}
    known = {key + end for key in downs for end in (_DOWN, _UP)}
    if not isinstance(config, LoraConfig) or _beyond(config) or not downs or known != weights.keys():
        raise InvalidWeights(f"The adapter '{name}' is no plain LoRA adapter of linear layers, which alone are served.")
    return {
        key.removeprefix(_PREFIX): _Part(name, number, down, weights[key + _UP] * _scale(config, down.shape[0]))
        for key, down in downs.items()
    }


def _beyond(config: Any) -> bool:
    """Whether it asks for more than two thin matrices a layer."""
    more = (config.use_dora, config.modules_to_save, config.alpha_pattern, config.fan_in_fan_out)
    return any(more) or config.bias != "none"


def _scale(config: Any, rank: int) -> float:
    return float(config.lora_alpha) / (rank**0.5 if config.use_rslora else rank)


def _install(model: Any, module: str, parts: Sequence[_Part], chosen: Chosen, dtype: torch.dtype) -> None:
    """Wrap a module of the model. Raises InvalidWeights where the model has none of that name and shape."""
    parent, _, name = module.rpartition(".")
    try:
        holder: Any = model.get_submodule(parent)
        base: Any = getattr(holder, name)
        shape = tuple(base.weight.shape)
    except AttributeError:
        shape = None
    for part in parts:
        if shape != (part.up.shape[0], part.down.shape[1]):
            raise InvalidWeights(f"The adapter '{part.adapter}' was made for another model. Correct models.adapters.")
    place = base.weight.device
    owners = torch.cat([torch.full((part.down.shape[0],), part.number) for part in parts])
    down = torch.cat([part.down for part in parts]).to(place, dtype)
    up = torch.cat([part.up for part in parts], dim=1).to(place, dtype)
    setattr(holder, name, AdaptedLinear(base, down, up, owners.to(place), chosen))
