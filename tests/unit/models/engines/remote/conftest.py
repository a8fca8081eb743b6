"""Engines that are closed after the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from models.engines.remote.remote_engine import RemoteGenerator
from models.engines.remote.server import Server

Make = Callable[..., RemoteGenerator]


@pytest.fixture
async def engine() -> AsyncIterator[Make]:
    """Make an engine for some addresses that repeats nothing, unless told otherwise."""
    made: list[RemoteGenerator] = []

    def make(*urls: str, **options: Any) -> RemoteGenerator:
        made.append(RemoteGenerator(Server("big", urls, "some-model", **{"retries": 0, **options})))
        return made[-1]

    yield make
    for generator in made:
        await generator.close()
