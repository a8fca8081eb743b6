"""Whether a server does what it is there for: one token is written, or one text embedded, on each replica."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

from models.encoders.remote_encoder import RemoteEncoder
from models.engines.remote.remote_engine import RemoteGenerator
from models.engines.remote.server import Server
from models.types import ChatMessage, GenerationRequest

_HELLO = GenerationRequest((ChatMessage("user", "Hello"),), max_new_tokens=1)


def check(server: Server, *, embeds: bool) -> None:
    """Ask each replica once, and repeat nothing. Raises EngineFailed with the sentence of the first that fails.

    Runs an event loop of its own, so it is not for coroutines.
    """
    for url in server.urls:
        one = replace(server, urls=(url,), retries=0)
        if embeds:
            _embed(one)
        else:
            asyncio.run(_write(one))


def _embed(server: Server) -> None:
    encoder = RemoteEncoder(server)
    try:
        encoder.embed(["Hello"])
    finally:
        encoder.close()


async def _write(server: Server) -> None:
    generator = RemoteGenerator(server)
    try:
        async with aclosing(generator.stream(_HELLO)) as events:
            async for _ in events:
                pass
    finally:
        await generator.close()
