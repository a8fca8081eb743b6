"""Files that people send: kept on disk for a day, each in a folder of its own."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

from bot.domain import File
from bot.domain.text import clean

log = logging.getLogger(__name__)

KEPT = 24 * 3600.0  # seconds; no turn waits that long for its file
SWEEP_EVERY = 3600.0
MOST_STEM, MOST_ENDING = 160, 48  # bytes, as file systems count names in bytes
_UNWANTED = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')


class IncomingFiles:
    """Keeps files under `folder`. Several channels may share one folder.

    >>> async def take(files: IncomingFiles) -> None:
    ...     file = await files.keep("faq.md", b"# Opening hours", "text/markdown")
    ...     await files.discard([file])
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, name: str, content: bytes, media_type: str = "") -> File:
        """Write a file into a new folder, under a safe name. Raises OSError where there is no room."""
        safe = safe_name(name)
        path = await asyncio.to_thread(_write, self._folder / uuid4().hex, safe, content)
        return File(safe, str(path), len(content), media_type.partition(";")[0].strip())

    async def discard(self, files: Iterable[File]) -> None:
        """Delete files whose turn was not taken."""
        for file in files:
            await asyncio.to_thread(shutil.rmtree, Path(file.path).parent, True)

    async def sweep(self) -> None:
        """Delete what is more than a day old."""
        await asyncio.to_thread(_sweep, self._folder, time.time() - KEPT)

    async def keep_swept(self) -> None:
        """Sweep now and every hour, until cancelled. A disk that does not answer now may do so in an hour."""
        while True:
            try:
                await self.sweep()
            except OSError as error:
                log.warning("old files cannot be deleted: %s", type(error).__name__)
            await asyncio.sleep(SWEEP_EVERY)


def safe_name(name: str) -> str:
    """A name that is a file's on every system, short, and with the ending that tells what it is.

    >>> safe_name("../../etc/passwd")
    'passwd'
    """
    cleaned = _UNWANTED.sub(" ", clean(name).replace("\\", "/").rpartition("/")[2]).strip(" .")
    stem, dot, ending = cleaned.rpartition(".")
    if not dot or len(ending.encode()) > MOST_ENDING:
        return _short(cleaned) or "file"
    return f"{_short(stem) or 'file'}.{ending}"


def _short(name: str) -> str:
    return name.encode()[:MOST_STEM].decode("utf-8", "ignore").strip()


def _write(folder: Path, name: str, content: bytes) -> Path:
    folder.mkdir(parents=True, mode=0o700)
    path = folder / name
    path.write_bytes(content)
    return path


def _sweep(folder: Path, before: float) -> None:
    for entry in folder.iterdir() if folder.is_dir() else ():
        if _made(entry) < before:
            shutil.rmtree(entry, ignore_errors=True)


def _made(entry: Path) -> float:
    """When it was made; for what is gone already, as another channel may be sweeping too, never too long ago."""
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
