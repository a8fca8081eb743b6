"""Whether a server does what it is there for: one token is written, or one text embedded, on each replica."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from models.encoders.remote_encoder import RemoteEncoder
from models.engines.remote.remote_engine import RemoteGenerator
from models.engines.remote.server import Server, shown
from models.errors import ModelError


def check(server: Server, *, embeds: bool) -> list[tuple[str, str]]:
    """Ask each replica once, and repeat nothing. Give each address, as it may be shown, and the sentence that says why
    it does not answer; empty where it does.

    Runs an event loop of its own, so it is not for coroutines.
    """
    return [(shown(url), _ask(replace(server, urls=(url,), retries=0), embeds)) for url in server.urls]


def _ask(server: Server, embeds: bool) -> str:
    try:
        if embeds:
            _embed(server)
        else:
            asyncio.run(_write(server))
    except ModelError as error:
        return str(error)
    return ""


def _embed(server: Server) -> None:
    encoder = RemoteEncoder(server)
    try:
        encoder.embed(["Hello"])
    finally:
        encoder.close()


async def _write(server: Server) -> None:
    generator = RemoteGenerator(server)
    try:
        await generator.answers()
    finally:
        await generator.close()
