"""What the operator chose about turns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal


@dataclass(frozen=True, slots=True)
class TurnRules:
    """How turns are queued, taken up and delivered.

    `while_answering` says what a message does to the one before it: wait its turn, be `join`ed to it where it comes
    within `join_within`, or `replace` it. A turn older than `old_after` gets its answer with an apology, or (`expire`)
    a note alone. `attempts` is how often a turn is taken up before it counts as broken, but for the times
    when it was handed back on purpose. More unfinished turns than
    `queue`, or than `queue_here` in one conversation, are refused with a sentence. `repeat`: a message that may have
    been sent, where the platform cannot tell, is sent again.
    """

    while_answering: Literal["queue", "join", "replace"] = "queue"
    join_within: timedelta = timedelta(seconds=1.5)
    old_after: timedelta = timedelta(hours=1)
    expire: bool = False
    attempts: int = 10
    queue: int = 2000
    queue_here: int = 20
    repeat: bool = True
