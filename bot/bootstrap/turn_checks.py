"""What `parley doctor` says of turns and of those who answer them."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

from bot.bootstrap.processes import NO_QUEUE, NOT_SHARED, is_shared
from bot.delivery.troubles import Noted, Why, look
from bot.errors import SettingsError
from bot.settings import Settings
from bot.storage.sql import SqlStorage

LONG = timedelta(minutes=5)  # for a turn to wait
RECENT = timedelta(days=1)  # what went wrong longer ago is of no interest here
WORKER_WITHIN = 5.0  # seconds


def check_turns(storage: SqlStorage) -> tuple[str, bool]:
    """What there is to say of turns, and whether someone should look. Raises StorageError."""
    noted = asyncio.run(storage.read(look))
    now = datetime.now(UTC)
    waiting = [each for each in noted if each.why is Why.WAITING]
    long = sum(now - each.turn.received_at > LONG for each in waiting)
    wrong = Counter(each.why for each in noted if each.why is not Why.WAITING and _recent(each, now))
    said = [f"{len(waiting)} waiting" + (f" ({long} of them for more than 5 minutes)" if long else "")]
    said += [f"{count} {why}" for why, count in sorted(wrong.items())]
    return ", ".join(said) + (" within a day" if wrong else ""), bool(long or wrong)


def check_workers(settings: Settings) -> bool | None:
    """Whether a worker answers; None where none is needed. Raises SettingsError and StorageError."""
    if settings.turns.answered_by != "workers":
        return None
    if not is_shared(settings):
        raise SettingsError(NOT_SHARED)
    try:
        from bot.queueing.ping import answers
    except ModuleNotFoundError as error:
        raise SettingsError(NO_QUEUE.format(module=error.name)) from None
    from bot.queueing.remote import QUEUE
    from bot.storage.engine import plain_url

    return asyncio.run(answers(plain_url(settings.storage_url), QUEUE, WORKER_WITHIN))


def _recent(noted: Noted, now: datetime) -> bool:
    return now - noted.turn.received_at < RECENT
