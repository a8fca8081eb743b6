"""How much memory there is for models, how much one takes, and which others would fit: said before it is loaded."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Literal

from models.catalogue import ModelSpec, Task, catalogue
from models.devices import Device, check_device, device_kind
from models.errors import EngineFailed

Quantisation = Literal["none", "int8", "int4"]

_SHARE = {"cpu": 0.8, "cuda": 0.9}  # the rest is for the system, the database, and what one step computes
_CGROUP = Path("/sys/fs/cgroup")  # what a container is held to
_OVERHEAD = 1.1  # tokenizer, buffers and the like beside the weights
_OF_BF16 = {"none": 1.0, "int8": 0.55, "int4": 0.33}  # the embedding table is not packed
_SPARE = 200_000_000  # for the libraries and what a step takes
_WIDTH = {"float32": 4}  # bytes a number takes; all other kinds take 2


def machine_memory(device: Device) -> int:
    """The bytes that models may take where none are set: most of the GPU's memory, or of the machine's.

    Raises DeviceMissing.
    """
    check_device(device)
    kind = device_kind(device)
    if kind == "cuda":
        import torch

        return int(torch.cuda.get_device_properties(0).total_memory * _SHARE[kind])
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return int(min(total, _container_memory() or total) * _SHARE[kind])


def model_bytes(spec: ModelSpec, folder: Path, quantisation: Quantisation = "none") -> int:
    """About how many bytes a model takes once it is loaded: by the catalogue, else by its files."""
    files = [folder] if folder.is_file() else folder.glob("*.safetensors")
    size = spec.memory_bytes or int(sum(file.stat().st_size for file in files) * _OVERHEAD)
    return int(size * _OF_BF16[quantisation])


def weight_bytes(folder: Path, kind: str) -> int:
    """What a checked folder's weights take when they are loaded as that number type."""
    return sum(map(_numbers, folder.glob("model*.safetensors"))) * _WIDTH.get(kind, 2)


def available_bytes() -> int:
    """The memory that this process could still take, also within a container's limit."""
    import psutil  # type: ignore[import-untyped]

    free = int(psutil.virtual_memory().available)
    limit = _container_memory()
    if limit is not None:
        free = min(free, limit - _container_use())
    return max(free, 0)


def cache_bytes() -> int:
    """What the keys and values of conversations may take on a CPU: a quarter of what is free, within bounds."""
    return min(max(available_bytes() // 4, 64 << 20), 4 << 30)


def check_memory(folder: Path, kind: str) -> None:
    """Make sure that a generator fits into the free memory before it is loaded. Raises EngineFailed with what would."""
    needed, free = weight_bytes(folder, kind) + _SPARE, available_bytes()
    if needed > free:
        raise EngineFailed(
            f"The model '{folder.name}' needs about {gigabytes(needed)} of memory, and {gigabytes(free)} are free. "
            f"Close other programs, or name a smaller model in models.generator. {what_fits(Task.GENERATE, free)}"
        )


def what_fits(task: Task, room: int) -> str:
    """A sentence that names up to three of the catalogue's models for a task that take no more, the largest first."""
    known = [one for one in catalogue().models.values() if task in one.tasks and one.memory_bytes]
    fitting = [one for one in known if (one.memory_bytes or 0) <= room]
    fitting.sort(key=lambda one: one.memory_bytes or 0, reverse=True)
    if not fitting:
        return "None that Parley knows for this task fits."
    return f"These fit: {', '.join(f'{one.name} ({gigabytes(one.memory_bytes or 0)})' for one in fitting[:3])}."


def gigabytes(size: int) -> str:
    """A size in words: `4.6 GB`, `350 MB`."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _container_memory() -> int | None:
    """What a container is held to, or None."""
    try:
        return int((_CGROUP / "memory.max").read_text())
    except (OSError, ValueError):  # no such file, or `max`
        return None


def _container_use() -> int:
    """What the container's processes take; what files take is given back when it is needed."""
    try:
        stat = dict(line.split() for line in (_CGROUP / "memory.stat").read_text().splitlines())
        return int(stat["anon"])
    except (OSError, ValueError, KeyError):
        return 0


def _numbers(path: Path) -> int:
    """How many numbers a safetensors file holds: 8 bytes of header length, then the header."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
