"""Documents that people send: fetched into the data folder before their turn is kept."""

from __future__ import annotations

import asyncio

from telegram import Document

from bot.channels.telegram.errors import door
from bot.delivery.files import IncomingFiles, safe_name
from bot.domain import File
from bot.errors import DeliveryError, InvalidInput

AT_ONCE = 8  # each is in memory while it comes


class Downloads:
    """Fetches documents into `files`, none larger than `max_mb` megabytes, a few at a time, each `within` so many
    seconds: while one is on its way, Telegram gives no more than a hundred updates behind it.
    """

    def __init__(self, files: IncomingFiles, max_mb: float, within: float = 60.0) -> None:
        self.files = files
        self._max_mb = max_mb
        self._within = within
        self._room = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, document: Document) -> File:
        """Download a document. Raises InvalidInput where it is too large, DeliveryError where it does not come, and
        OSError where it cannot be kept.
        """
        name = document.file_name or ""
        self._check(document.file_size, name)
        try:
            async with asyncio.timeout(self._within), self._room:
                content = await self._content(document, name)
        except TimeoutError:
            raise DeliveryError("The file did not come in time.") from None
        self._check(len(content), name)
        return await self.files.keep(name, content, document.mime_type or "")

    async def _content(self, document: Document, name: str) -> bytes:
        with door():
            found = await document.get_file()
            self._check(found.file_size, name)
            return bytes(await found.download_as_bytearray())

    def _check(self, size: int | None, name: str) -> None:
        if size is not None and size > self._max_mb * 1_000_000:
            raise InvalidInput(
                f"The file is larger than {self._max_mb:g} MB.",
                text_id="telegram-file-too-large",
                name=safe_name(name),
                limit=f"{self._max_mb:g}",
            )
