"""What every command shares: the settings, the log, and the opened Parley."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from bot.bootstrap import Parley
    from bot.settings import Settings

T = TypeVar("T")


@dataclass(slots=True)
class State:
    """The global options, and what is built from them once."""

    config: Path | None = None
    debug: bool = False
    _settings: Settings | None = field(default=None, init=False)

    @property
    def settings(self) -> Settings:
        """The settings, read once, with logging set up by them. Raises SettingsError."""
        if self._settings is None:
            from bot import logs
            from bot.settings import load_settings

            self._settings = load_settings(self.config)
            logs.configure(self._settings, self.debug)
        return self._settings

    @contextmanager
    def parley(self) -> Iterator[Parley]:
        """Parley, opened and closed again; for commands that need no event loop."""
        from bot.bootstrap import Parley

        parley = Parley(self.settings)
        try:
            yield parley
        finally:
            asyncio.run(parley.aclose())

    @asynccontextmanager
    async def parley_async(self) -> AsyncIterator[Parley]:
        """The same inside an event loop; the engines are closed with it."""
        from bot.bootstrap import Parley

        parley = Parley(self.settings)
        try:
            yield parley
        finally:
            await parley.aclose()


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; Ctrl-C cancels it, so that it can put things in order, and then ends the command."""
    return asyncio.run(work)
