"""The life of the paged engine's loop: opened with the model when first needed, started anew when it dies."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from models.engines.failures import is_out_of_memory

if TYPE_CHECKING:
    from models.engines.loading import LoadedModel
    from models.engines.paged.loop import PagedLoop

_LOG = logging.getLogger(__name__)

Deliver = Callable[[Sequence[Any]], None]
Open = Callable[[Deliver], "tuple[LoadedModel, PagedLoop]"]


class LoopKeeper:
    """Owns the model. `open_` loads it and makes the loop; it is asked again after a failure to. One thread calls this.

    `deliver` gets each step's outputs, in the loop's own thread.
    """

    def __init__(self, name: str, open_: Open, deliver: Deliver) -> None:
        self._name = name
        self._open = open_
        self._deliver = deliver
        self._loaded: LoadedModel | None = None
        self._loop: PagedLoop | None = None

    @property
    def loop(self) -> PagedLoop | None:
        """The one that runs, if one does."""
        return self._loop

    @property
    def loaded(self) -> LoadedModel | None:
        """The model, if it was loaded."""
        return self._loaded

    @property
    def dying(self) -> bool:
        """Whether the loop ended or is about to, without having been told to."""
        return self._loop is not None and self._loop.dying

    def opened(self) -> tuple[LoadedModel, PagedLoop]:
        """Load the model and start the loop, unless they are there. Raises InvalidWeights or EngineFailed."""
        if self._loop is None or self._loaded is None:
            self._forget()
            self._loaded, loop = self._open(self._deliver)
            loop.start()
            self._loop = loop
        return self._loaded, self._loop

    def restart(self) -> BaseException | None:
        """Start a loop in the place of one that died, and give what that died of. What it was writing is lost.

        After a ModelError from here there is no loop, and the next `opened` loads the model anew.
        """
        assert self._loop is not None
        error = self._loop.failure()
        _LOG.error("the loop of %s died: %s; it is started anew", self._name, type(error).__name__)
        loop, self._loop = self._loop, None
        loop.stop()
        if is_out_of_memory(error):
            loop.shrink()
        loop.start()
        self._loop = loop
        return error

    def abandon(self) -> None:
        """Stop the loop; what it was writing fails."""
        loop, self._loop = self._loop, None
        if loop is not None:
            loop.stop()

    def end(self) -> None:
        """Stop the loop, and free the model."""
        self.abandon()
        self._loaded = None

    def _forget(self) -> None:
        """Free the model of a loop that could not be mended: the memory may be too small for two."""
        if self._loaded is not None:
            self._loaded = None
            gc.collect()  # it is part of a cycle, so counting references does not free it
