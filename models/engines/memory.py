"""How much memory a model takes, and whether that is free: said before it is loaded, not by the kernel afterwards."""

from __future__ import annotations

import json
import math
from pathlib import Path

from models.catalogue import Task, catalogue
from models.errors import EngineFailed

_SPARE = 200_000_000  # for the libraries and what a step takes
_WIDTH = {"float32": 4}  # bytes a number takes; all other kinds take 2


def available_bytes() -> int:
    """Give the memory that this process could still take, also within a container's limit."""
    import psutil  # type: ignore[import-untyped]

    free = int(psutil.virtual_memory().available)
    group = Path("/sys/fs/cgroup")
    try:
        limit = int((group / "memory.max").read_text())
        taken = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        free = min(free, limit - int(taken["anon"]))  # what files take is given back when it is needed
    except (OSError, ValueError, KeyError):
        pass  # no container, or one without a limit
    return max(free, 0)


def cache_bytes() -> int:
    """Give what the keys and values of conversations may take: a quarter of what is free, within sensible bounds."""
    return min(max(available_bytes() // 4, 64 << 20), 4 << 30)


def weight_bytes(folder: Path, kind: str) -> int:
    """Give what a checked folder's weights take when they are loaded as that number type."""
    return sum(_numbers(path) for path in folder.glob("model*.safetensors")) * _WIDTH.get(kind, 2)


def check_memory(folder: Path, kind: str) -> None:
    """Make sure that a model fits into the memory. Raises EngineFailed with what would."""
    needed, free = weight_bytes(folder, kind) + _SPARE, available_bytes()
    if needed <= free:
        return
    known = catalogue().models.values()
    smaller = [spec for spec in known if Task.GENERATE in spec.tasks and (spec.memory_bytes or free + 1) <= free]
    advice = "Close other programs"
    if smaller:
        advice = (
            f"Set models.generator to {max(smaller, key=lambda spec: spec.memory_bytes or 0).name}, which would fit"
        )
    raise EngineFailed(
        f"The model '{folder.name}' needs about {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free. "
        f"{advice}, or use a machine with more memory."
    )


def _numbers(path: Path) -> int:
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
