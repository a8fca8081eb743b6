"""How long the channel waits for what; tests wait less."""

from __future__ import annotations

from dataclasses import dataclass

from bot.delivery.ports import Pace

# Telegram says: about one message a second in a chat, 20 a minute in a group, 30 a second overall. A little less,
# because its clock is not ours.
PACE = Pace(chat=(1, 1.05), group=(19, 60.0), overall=(28, 1.0), burst=3, edit_every=1.5, draft_every=0.4)


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds of the event loop's time."""

    poll: float = 30.0  # Telegram answers sooner as soon as there is something
    first_pause: float = 1.0  # after the connection broke; doubled each time
    longest_pause: float = 30.0
    conflict_pause: float = 10.0
    slow_pause: float = 1.0  # between two calls while a file is being downloaded
    download: float = 60.0  # until a file is given up
    webhook_check: float = 300.0
    hint_every: float = 60.0  # how often one chat is told that a message cannot be read
