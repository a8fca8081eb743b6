"""What serving needs beside the channels: on one machine nothing but a lock, on PostgreSQL the shared queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from bot.domain import Channel
from bot.errors import SettingsError
from bot.extras import install
from bot.ports import LanguageTools, Storage, Texts
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.delivery.conductor import Conductor
    from bot.delivery.inbox import Inbox
    from bot.delivery.ports import EventSource, TurnQueue
    from bot.queueing.bus import PostgresBus
    from bot.queueing.jobs import Jobs
    from bot.queueing.leading import Lock
    from bot.serving import Runner


NOT_SHARED = (
    "Workers share their turns with `parley serve` over PostgreSQL, and this database is an SQLite file. "
    "Set database_url to a postgresql+psycopg:// one (docs/how-to/many.md); or keep SQLite, start no worker, and leave "
    'turns.answered_by = "serve".'
)
NOTHING_TO_DO = (
    "`parley serve` answers its turns itself, so that a worker has nothing to do. "
    'Set turns.answered_by = "workers" for both.'
)
NO_QUEUE = f"PostgreSQL needs the library {{module}}, which is not installed. {install('postgres')}"


class Parts(Protocol):
    """What is taken of `bot.bootstrap.Parley`."""

    settings: Settings

    @property
    def texts(self) -> Texts: ...

    @property
    def languages(self) -> LanguageTools: ...

    @property
    def store(self) -> Storage: ...

    @property
    def conductor(self) -> Conductor: ...

    @property
    def inbox(self) -> Inbox: ...


class Processes:
    """The processes of one Parley, as this one sees them. `queue` and `conductor` are those that a reception takes;
    both are None where everything happens in this process. Raises SettingsError where `turns.answered_by` does not fit
    the database.
    """

    def __init__(self, parley: Parts) -> None:
        self._parley = parley
        self._settings = parley.settings
        self.queue: TurnQueue | None = None
        self.conductor: EventSource | None = None
        self._jobs: Jobs | None = None
        self._bus: PostgresBus | None = None
        if not is_shared(self._settings):
            if self._settings.turns.answered_by == "workers":
                raise SettingsError(NOT_SHARED)
            return
        try:
            from bot.queueing.jobs import Jobs
        except ModuleNotFoundError as error:
            raise SettingsError(NO_QUEUE.format(module=error.name)) from None
        from bot.queueing.bus import PostgresBus
        from bot.queueing.queue import ProcrastinateQueue
        from bot.queueing.remote import RemoteConductor
        from bot.storage.engine import plain_url

        turns = self._settings.turns
        self._jobs = Jobs(plain_url(self._settings.storage_url), turns.stop_seconds)
        self._bus = PostgresBus(self._jobs)
        alone = [channel for channel in Channel if _is_led(self._settings, channel)]
        self.queue = ProcrastinateQueue(self._jobs, self._bus, parley.store, turns.at_once, alone)
        if turns.answered_by == "workers":
            self.conductor = RemoteConductor(self._jobs, self._bus, parley.store, parley.conductor)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """While this process serves. Raises StorageError."""
        if self._jobs is None or self._bus is None:
            yield
            return
        async with self._jobs.opened():
            hearing = asyncio.create_task(self._bus.run())
            try:
                yield
            finally:
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)

    def led(self, runner: Runner, tell: Callable[[str], None]) -> Runner:
        """The channel, run by one process at a time where it must be."""
        from bot.queueing.leading import Led

        lock = self._lock(runner.channel.value)
        return Led(runner, lock, tell) if lock is not None else runner

    def check_work(self) -> None:
        """Raises SettingsError where a worker would have nothing to do."""
        if self._jobs is None:
            raise SettingsError(NOT_SHARED)
        if self.conductor is None:
            raise SettingsError(NOTHING_TO_DO)

    async def work(self) -> None:
        """Answer turns from the queue until cancelled. Raises SettingsError (see `check_work`)."""
        from bot.queueing.worker import Worker

        self.check_work()
        assert self._jobs is not None and self._bus is not None, "that was checked"
        parley, at_once = self._parley, self._settings.turns.at_once
        worker = Worker(
            self._jobs,
            self._bus,
            parley.store,
            parley.conductor,
            parley.texts,
            parley.languages,
            parley.inbox.rules,
            at_once,
        )
        async with self.opened():
            await worker.run()

    def _lock(self, channel: str) -> Lock | None:
        """None where any number of processes may run the channel side by side."""
        settings = self._settings
        if not is_shared(settings):
            from bot.queueing.leading import FileLead

            return FileLead(settings.home / f"serve-{channel}.lock")
        if not _is_led(settings, channel):
            return None
        from bot.queueing.advisory import PostgresLead
        from bot.storage.engine import plain_url

        return PostgresLead(plain_url(settings.storage_url), f"parley {channel}")


def _is_led(settings: Settings, channel: str) -> bool:
    """Whether one process at a time runs the channel; with a webhook, updates go to whichever the proxy chooses."""
    return not (channel == Channel.TELEGRAM and settings.telegram.webhook.url)


def is_shared(settings: Settings) -> bool:
    """Whether several processes may work on the same turns."""
    return settings.storage_url.startswith("postgresql")
