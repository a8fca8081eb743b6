"""Documents are fetched a few at a time, and not for ever."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from bot.channels.telegram.files import AT_ONCE, Downloads
from bot.delivery.files import IncomingFiles
from bot.errors import DeliveryError


class SlowFile:
    """A document and its file, which comes when it is let go."""

    file_name, mime_type, file_size = "a.txt", "text/plain", 5

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.asked = 0

    async def get_file(self) -> SlowFile:
        self.asked += 1
        await self.go.wait()
        return self

    async def download_as_bytearray(self) -> bytearray:
        return bytearray(b"words")


async def test_as_many_as_there_is_memory_for(tmp_path: Path) -> None:
    downloads, file = Downloads(IncomingFiles(tmp_path), 1.0), SlowFile()
    fetching = [asyncio.create_task(downloads.fetch(cast(Any, file))) for _ in range(3 * AT_ONCE)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert file.asked == AT_ONCE
    file.go.set()
    fetched = await asyncio.gather(*fetching)
    assert [found.size for found in fetched] == [5] * 3 * AT_ONCE


async def test_what_does_not_come_is_given_up(tmp_path: Path) -> None:
    downloads, file = Downloads(IncomingFiles(tmp_path), 1.0, within=0.01), SlowFile()
    with pytest.raises(DeliveryError, match="in time"):
        await downloads.fetch(cast(Any, file))
