"""Standard input, line by line, without standing in the way of Ctrl-C."""

from __future__ import annotations

import asyncio
import codecs
import os
import sys
import threading
from collections.abc import AsyncGenerator, Iterator

_BLOCK = 65_536
_AHEAD = 1000  # lines read before they are asked for


def standard_input_text(limit: int = 50_000_000) -> str:
    """The whole of standard input; broken UTF-8 is replaced, not refused. At most `limit` bytes are read."""
    return sys.stdin.buffer.read(limit).decode("utf-8-sig", "replace")


async def standard_input_lines() -> AsyncGenerator[str, None]:
    """The lines of standard input without their ends, each as soon as it is there.

    A thread of its own waits for them: a wait in the loop's thread would hold Ctrl-C back until the next line.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()
    room = threading.Semaphore(_AHEAD)
    ended = threading.Event()

    def read() -> None:
        for line in _lines(sys.stdin.fileno()):
            room.acquire()
            if ended.is_set():
                return
            loop.call_soon_threadsafe(queue.put_nowait, line)
        if not ended.is_set():
            loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, name="parley-input", daemon=True).start()
    try:
        while (line := await queue.get()) is not None:
            room.release()
            yield line
    finally:
        ended.set()
        room.release()


def _lines(descriptor: int) -> Iterator[str]:
    """Read past Python's own buffer: its lock, held by a thread that waits, would break the interpreter's end."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    rest = ""
    while block := os.read(descriptor, _BLOCK):
        *whole, rest = (rest + decoder.decode(block)).split("\n")
        yield from (line.removesuffix("\r") for line in whole)
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest.removesuffix("\r")
