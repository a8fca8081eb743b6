"""Attachments of messages: fetched into the data folder before their turn is kept."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp
import discord

from bot.delivery.files import IncomingFiles
from bot.domain import File

log = logging.getLogger(__name__)

MOST_FILES = 5
_UNREADABLE = ("image/", "audio/", "video/")


@dataclass
class Fetched:
    """What became of the attachments: those that are here, and the names of those that are too big."""

    files: list[File] = field(default_factory=list)
    too_big: list[str] = field(default_factory=list)


class Attachments:
    """Fetches attachments into `files`, none larger than `most` megabytes."""

    def __init__(self, files: IncomingFiles, most: float) -> None:
        self.files = files
        self.most = most

    async def fetch(self, attachments: Sequence[discord.Attachment]) -> Fetched:
        """Download what may hold text; pictures, sound and films are left where they are, and so is what Discord
        does not give (any more) and our disk does not take.
        """
        fetched = Fetched()
        for attachment in attachments[:MOST_FILES]:
            if (attachment.content_type or "").startswith(_UNREADABLE):
                continue
            if attachment.size > self.most * 1_000_000:
                fetched.too_big.append(attachment.filename)
                continue
            try:
                content = await attachment.read()
                kept = await self.files.keep(attachment.filename, content, attachment.content_type or "")
            except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
                log.warning("an attachment cannot be fetched: %s", type(error).__name__)
                continue
            fetched.files.append(kept)
        return fetched
