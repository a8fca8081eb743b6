"""Small tasks beside the intake, which nobody waits for and whose failure harms nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from bot.errors import DeliveryError, InvalidInput

log = logging.getLogger(__name__)


class Background:
    """Runs tasks, keeps them alive while they run, and logs the kind of what goes wrong, never its text."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a task."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def aclose(self) -> None:
        """Cancel what still runs."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # What a platform refuses here (a reaction, a late toast), and an inline question that cannot be kept, harm
            # nobody; anything else is a mistake.
            harmless = isinstance(error, DeliveryError | InvalidInput | TimeoutError)
            level = logging.INFO if harmless else logging.WARNING
            log.log(level, "a side task failed: %s", type(error).__name__)
