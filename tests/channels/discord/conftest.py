"""What holds for every conversation on Discord."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_handler_failed(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Silence is a right answer only where no handler of ours broke."""
    yield
    broken = [each for each in caplog.get_records("call") if each.levelno >= logging.ERROR]
    assert not [each.getMessage() for each in broken if each.name.startswith("bot.")]
