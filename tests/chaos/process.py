"""The processes that are killed: started from the nursery, signalled and watched by their pidfd (Linux)."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
AVAILABLE = hasattr(os, "pidfd_open")
PATIENCE = 60.0  # seconds for what takes one on an idle machine


class Process:
    """A running `serve_process`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.ended = asyncio.Event()
        self.said = ""
        self.heard = asyncio.Event()
        self._fd = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._fd, self._end)

    def send(self, number: signal.Signals) -> bool:
        """Send a signal; False where it has ended already."""
        if self.ended.is_set():
            return False
        try:
            signal.pidfd_send_signal(self._fd, number)
        except ProcessLookupError:
            return False
        return True

    def limit_files(self, size: int | None) -> None:
        """No file of it may grow beyond so many bytes (None: as it likes), as on a full disk."""
        if not self.ended.is_set():
            wanted = resource.RLIM_INFINITY if size is None else size
            resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (wanted, resource.RLIM_INFINITY))

    async def says(self, words: str, within: float = PATIENCE) -> bool:
        """Wait until it has said that; False where it ended before."""
        async with asyncio.timeout(within):
            while words not in self.said and not self.ended.is_set():
                self.heard.clear()
                await self.heard.wait()
        return words in self.said

    async def gone(self, within: float = PATIENCE) -> None:
        """Wait until it has ended."""
        async with asyncio.timeout(within):
            await self.ended.wait()

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)
        os.close(self._fd)
        self.ended.set()
        self.heard.set()


class Nursery:
    """Starts processes. Entered with `nursery()`."""

    def __init__(self, parent: asyncio.subprocess.Process) -> None:
        self._parent = parent
        self._living: dict[int, Process] = {}
        self._early: dict[int, str] = defaultdict(str)  # said before its birth was told
        self._births: asyncio.Queue[int] = asyncio.Queue()

    async def start(self, config: Path) -> Process:
        """A new process; it may not be ready yet."""
        assert self._parent.stdin is not None
        self._parent.stdin.write(f"{config}\n".encode())
        async with asyncio.timeout(PATIENCE):
            pid = await self._births.get()
        return self._living[pid]

    async def listen(self) -> None:
        """Take what they say, until the nursery ends."""
        assert self._parent.stdout is not None
        while line := await self._parent.stdout.readline():
            number, _, words = line.decode().partition(" ")
            pid = int(number)
            if words.strip() == "started":
                self._living[pid] = process = Process(pid)
                process.said = self._early.pop(pid, "")
                self._births.put_nowait(pid)
            elif pid in self._living:
                self._living[pid].said += words
                self._living[pid].heard.set()
            else:
                self._early[pid] += words


@asynccontextmanager
async def nursery(log: Path) -> AsyncIterator[Nursery]:
    """A nursery whose processes end with the block, if they have not ended before."""
    with log.open("ab") as errors:
        parent = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.chaos.serve_process"),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    made = Nursery(parent)
    listening = asyncio.create_task(made.listen())
    try:
        yield made
    finally:
        parent.kill()
        await parent.wait()
        await listening
