"""Which generators may write answers from articles: by the setting, or by their size, whichever are in use."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from models.errors import ModelError

if TYPE_CHECKING:
    from models.catalogue import ModelSpec
    from models.registry import Registry

SMALL_MODEL_BYTES = 1_000_000_000  # about half a billion parameters in bf16


class WritersDoor:
    """`bot.ports.Writers` over the registry, asked each time: its generators are changed while Parley runs."""

    def __init__(self, registry: Registry, writing: Literal["auto", "always", "never"], models_dir: Path) -> None:
        self._registry = registry
        self._writing = writing
        self._models_dir = models_dir
        self._specs: Sequence[ModelSpec] = ()
        self._small: dict[str, bool] = {}  # those of before, too: they finish what they are writing

    @property
    def writes(self) -> bool:
        if self._writing != "auto":
            return self._writing == "always"
        self._look()
        return bool(self._specs) and not self._small[self._specs[0].name]

    def too_small(self, model: str) -> bool:
        if self._writing != "auto":
            return False
        self._look()
        return self._small.get(model, False)

    def _look(self) -> None:
        """Look at the sizes of generators that were not there the last time."""
        with contextlib.suppress(ModelError):  # a folder that is gone: what it held is at work still
            specs = self._registry.specs("generate")
            if specs != self._specs:
                self._small.update((spec.name, is_small(spec, self._models_dir)) for spec in specs)
                self._specs = specs


def is_small(spec: ModelSpec, models_dir: Path) -> bool:
    """Whether it is too small to write answers. A server's model is taken to be large: nobody runs one for less."""
    from models.catalogue import ServerSource
    from models.weights import status

    return not isinstance(spec.source, ServerSource) and status(spec, models_dir).bytes < SMALL_MODEL_BYTES
