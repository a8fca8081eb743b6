"""How much memory there is for models, how much one takes, and which others would fit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from models.catalogue import ModelSpec, Task, catalogue
from models.devices import Device, device_kind

Quantisation = Literal["none", "int8", "int4"]

_SHARE = {"cpu": 0.8, "cuda": 0.9}  # the rest is for the system, the database, and what one step computes
_CGROUP = Path("/sys/fs/cgroup/memory.max")
_OVERHEAD = 1.1  # tokenizer, buffers and the like beside the weights
_OF_BF16 = {"none": 1.0, "int8": 0.55, "int4": 0.33}  # the embedding table is not packed


def machine_memory(device: Device) -> int:
    """The bytes that models may take where none are set: most of the GPU's memory, or of the machine's."""
    kind = device_kind(device)
    if kind == "cuda":
        import torch

        return int(torch.cuda.get_device_properties(0).total_memory * _SHARE[kind])
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return int(min(total, _container_memory() or total) * _SHARE[kind])


def model_bytes(spec: ModelSpec, folder: Path, quantisation: Quantisation = "none") -> int:
    """About how many bytes a model takes once it is loaded: by the catalogue, else by its files."""
    size = spec.memory_bytes or int(sum(file.stat().st_size for file in folder.glob("*.safetensors")) * _OVERHEAD)
    return int(size * _OF_BF16[quantisation])


def what_fits(task: Task, room: int, quantisation: Quantisation = "none") -> list[ModelSpec]:
    """The catalogue's models for a task that take no more than that, the largest first."""
    known = [one for one in catalogue().models.values() if task in one.tasks and one.memory_bytes]
    fitting = [one for one in known if model_bytes(one, Path(), quantisation) <= room]
    return sorted(fitting, key=lambda one: one.memory_bytes or 0, reverse=True)


def gigabytes(size: int) -> str:
    """A size in words: `4.6 GB`, `350 MB`."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _container_memory() -> int | None:
    """What a container is held to, or None."""
    try:
        return int(_CGROUP.read_text())
    except (OSError, ValueError):  # no such file, or `max`
        return None
