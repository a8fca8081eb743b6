"""Which of several processes that serve one model together this is; `torchrun` says so in the environment."""

from __future__ import annotations

import os


def ranks() -> int:
    """How many processes there are; 1 without `torchrun`."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def rank() -> int:
    """Which one this is. Rank 0 takes the requests, the others follow it."""
    return int(os.environ.get("RANK", "0"))
