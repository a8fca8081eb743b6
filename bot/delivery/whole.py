"""Work that is not to be cut in two."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def whole(work: Coroutine[Any, Any, T]) -> T:
    """Await work to its end even if the one who waits is cancelled meanwhile; the cancellation is raised afterwards.

    A message that was sent has an id that must be kept, or nobody could ever edit the message again.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:  # told so already
                continue
        if not task.cancelled():
            task.exception()  # looked at, so that it is not reported as never retrieved
        raise
