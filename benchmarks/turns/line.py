"""A fake Telegram with one bot behind it, in processes of its own, and people who ask it and look at the clock."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path

from tests.chaos import script
from tests.chaos.process import ROOT
from tests.support.telegram_server import TOKEN, Place, TelegramServer
from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.faults import Fault, Faults

PATIENCE = 120.0  # seconds for anything

FreshUrl = Callable[[], str]
"""Gives the URL of a new, empty database: a new fake Telegram begins to count anew, and its ids would be known."""


class Sends(Faults):
    """Sees when the first message to a chat comes in, which is what `Line.ask` waits for."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[int, asyncio.Future[float]] = {}

    def take(self, call: Call) -> Fault | None:
        if call.method == "sendMessage" and call.chat_id in self.waiting:
            waiting = self.waiting.pop(call.chat_id)
            if not waiting.done():
                waiting.set_result(asyncio.get_running_loop().time())
        return super().take(call)


class Line:
    """The server, its people, and the processes that answer."""

    def __init__(self, server: TelegramServer, sends: Sends) -> None:
        self.server = server
        self.processes: list[asyncio.subprocess.Process] = []
        self._sends = sends
        self._numbers = (n for n in count(1) if not script.is_written(n))
        self._people = count(1)

    def place(self) -> Place:
        """A new person's private chat."""
        return self.server.person(f"P{next(self._people)}").private_chat()

    async def ask(self, place: Place) -> float:
        """Seconds from a message to the first message of its answer."""
        person = self.server.world.users[place.id]
        loop = asyncio.get_running_loop()
        self._sends.waiting[place.id] = answered = loop.create_future()
        began = loop.time()
        await place.says(_Person(person), script.question(next(self._numbers)))  # type: ignore[arg-type]
        async with asyncio.timeout(PATIENCE):
            return await answered - began

    def forget_calls(self) -> None:
        """A long run makes hundreds of thousands."""
        self.server.world.calls = [call for call in self.server.world.calls if call.done_at is None]

    def memory(self) -> float:
        """Megabytes that the first process has in memory."""
        pages = int(Path(f"/proc/{self.processes[0].pid}/statm").read_text().split()[1])
        return pages * 4096 / 1e6


class _Person:
    """What `Place.says` asks of a person."""

    def __init__(self, user: object) -> None:
        self.user = user
        self.id = user.id  # type: ignore[attr-defined]


@asynccontextmanager
async def peer() -> AsyncIterator[Line]:
    """The bare echo handler."""
    async with AsyncExitStack() as stack:
        line = await _line(stack)
        await start(stack, line, "-m", "benchmarks.turns.peer", TOKEN, line.server.base_url)
        yield line


@asynccontextmanager
async def parley(folder: Path, database_url: str = "", workers: int = 0) -> AsyncIterator[Line]:
    """Parley, with a dialogue that answers at once; with `workers`, they have the dialogue."""
    async with AsyncExitStack() as stack:
        line = await _line(stack)
        await start(stack, line, *serve(line, folder, database_url, workers, "serve"))
        for _ in range(workers):
            await start(stack, line, *serve(line, folder, database_url, workers, "worker"))
        yield line


def serve(line: Line, folder: Path, database_url: str, workers: int, role: str) -> Sequence[str]:
    """The arguments of a process of Parley."""
    environment = {
        "PARLEY_HOME": str(folder),
        "PARLEY_DATABASE_URL": database_url,
        "PARLEY_TELEGRAM__TOKEN": TOKEN,
        "PARLEY_TELEGRAM__BASE_URL": line.server.base_url,
        "PARLEY_ACCESS__PER_MINUTE": "0",
        "PARLEY_TURNS__QUEUE": "1000000",
        "PARLEY_TURNS__QUEUE_HERE": "1000",
        **({"PARLEY_TURNS__ANSWERED_BY": "workers"} if workers else {}),
    }
    config = {"role": role, "environment": environment, "quick": True, "pause": 0.0}
    config |= {"log": str(folder / "serve.log"), "clock": str(folder / "clock")}
    path = folder / f"{role}.json"
    path.write_text(json.dumps(config))
    return ("-m", "tests.chaos.serve_process", str(path))


async def start(stack: AsyncExitStack, line: Line, *arguments: str) -> asyncio.subprocess.Process:
    """Start a process, and wait until it says that it is ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    stack.push_async_callback(_stop, process)
    line.processes.append(process)
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE):
        while b"ready" not in (said := await process.stdout.readline()):
            assert said, f"{arguments} ended before it was ready"
    return process


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
    await process.wait()


async def _line(stack: AsyncExitStack) -> Line:
    server, sends = TelegramServer(), Sends()
    server.faults = sends
    await stack.enter_async_context(server)
    return Line(server, sends)
