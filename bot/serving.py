"""Runs the channels side by side, until a signal; one that its platform refuses leaves the others running."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from bot.domain import Channel
from bot.errors import ChannelError, ParleyError, SettingsError

log = logging.getLogger(__name__)

FIRST_PAUSE = 5.0  # seconds before a channel that broke is started again; doubled each time, up to the longest
LONGEST_PAUSE = 300.0


class Runner(Protocol):
    """A channel that can be run."""

    channel: Channel

    async def run(self, ready: Callable[[], None]) -> None:
        """Run until cancelled; call `ready` once people are answered. Raises ChannelError and SettingsError where the
        platform, or a setting, makes it pointless to go on.
        """
        ...


class Server:
    """Runs channels until `stop` is called. `tell` gives the operator a line; `settle` finishes what is being
    answered, before the channels are closed.
    """

    def __init__(
        self, runners: Sequence[Runner], tell: Callable[[str], None], settle: Callable[[], Awaitable[None]]
    ) -> None:
        self._runners = runners
        self._tell = tell
        self._settle = settle
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()

    async def run(self) -> int:
        """Give the exit code: 0 when it was stopped, that of the last error when every channel was refused."""
        running = {asyncio.create_task(self._keep_running(runner)) for runner in self._runners}
        stopped = asyncio.create_task(self._stopping.wait())
        codes = [0]
        try:
            while running and not self._stopping.is_set():
                done, _ = await asyncio.wait({*running, stopped}, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {stopped}:
                    running.discard(task)
                    codes.append(task.result())
            if running:
                self._tell("Stopping: answers that are being written are finished first. Once more to stop at once.")
            await self._settle_unless_hurried()
        finally:
            for task in {*running, stopped}:
                task.cancel()
            await asyncio.gather(*running, stopped, return_exceptions=True)
        return codes[-1] if not running else 0

    def stop(self) -> None:
        """Finish what is being answered and end; called again, end at once. What is accepted is answered next time."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()

    async def _settle_unless_hurried(self) -> None:
        settling = asyncio.ensure_future(self._settle())
        hurried = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({settling, hurried}, return_when=asyncio.FIRST_COMPLETED)
        for task in (settling, hurried):
            task.cancel()
        await asyncio.gather(settling, hurried, return_exceptions=True)

    async def _keep_running(self, runner: Runner) -> int:
        name, pause = runner.channel.value, FIRST_PAUSE
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await runner.run(lambda: self._tell(f"{name}: ready"))
            except (ChannelError, SettingsError) as error:
                log.error("%s is refused: %s", name, type(error).__name__)
                self._tell(f"{name}: {error}")
                return error.exit_code
            except Exception as error:
                log.exception("%s broke", name)
                if loop.time() - began > LONGEST_PAUSE:
                    pause = FIRST_PAUSE  # it had been well for long
                self._tell(f"{name}: {_reason(error)} It starts again in {pause:.0f} s.")
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return 0


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, ParleyError) else f"broke ({type(error).__name__}); see the log."


async def until_signal(work: Coroutine[Any, Any, None], tell: Callable[[str], None]) -> None:
    """Do something until SIGINT or SIGTERM, which cancels it; a second signal does not wait for its end."""
    working = asyncio.ensure_future(work)

    def stop() -> None:
        if working.cancelling():
            for task in asyncio.all_tasks():
                task.cancel()
            return
        tell("Stopping: answers that are being written are finished first. Once more to stop at once.")
        working.cancel()

    with _signals(stop):
        try:
            await working
        except asyncio.CancelledError:
            log.info("stopped")


@contextmanager
def stopping_on_signals(server: Server) -> Iterator[None]:
    """SIGINT and SIGTERM stop the server. Must be used inside its event loop."""
    with _signals(server.stop):
        yield


@contextmanager
def reloading_on_hangup(reload: Callable[[], Awaitable[list[str]]], tell: Callable[[str], None]) -> Iterator[None]:
    """SIGHUP reloads, one at a time, and tells what came of it. Must be used inside the event loop."""
    loop = asyncio.get_running_loop()
    one_at_a_time, tasks = asyncio.Lock(), set[asyncio.Task[None]]()

    async def once() -> None:
        async with one_at_a_time:
            try:
                lines = await reload()
            except ParleyError as error:
                lines = [f"Nothing was changed: {error}"]
            except Exception as error:
                log.exception("reloading broke")
                lines = [f"Reloading broke ({type(error).__name__}); see the log."]
        for line in lines:
            tell(line)

    def begin() -> None:
        task = asyncio.create_task(once())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    loop.add_signal_handler(signal.SIGHUP, begin)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        for task in tasks:
            task.cancel()


@contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """A third one ends the process as the system does, whatever a thread is still at: what is kept is kept."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    heard: list[None] = []

    def hear() -> None:
        heard.append(None)
        if len(heard) == 2:
            for each in signals:
                loop.remove_signal_handler(each)
                signal.signal(each, signal.SIG_DFL)
        stop()

    for each in signals:
        loop.add_signal_handler(each, hear)
    try:
        yield
    finally:
        for each in signals:
            loop.remove_signal_handler(each)
