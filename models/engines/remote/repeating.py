"""When a request is made once more, and how long after: for both the generator and the encoder."""

from __future__ import annotations

from typing import Any

from models.engines.remote.failures import Again, ServerFailure
from models.engines.remote.server import Server

LONGEST_WAIT = 10.0  # seconds; whoever asks to be left alone for longer is not asked again
FIRST_WAIT = 0.25


def attempts(server: Server) -> dict[str, Any]:
    """What tenacity is to do with each request to a server."""
    from tenacity import retry_if_exception, stop_after_attempt

    return {
        "stop": stop_after_attempt(server.retries + 1),
        "wait": pause,
        "retry": retry_if_exception(may_repeat),
        "reraise": True,
    }


def may_repeat(error: BaseException) -> bool:
    """Whether the same replica may be asked the same."""
    if not isinstance(error, ServerFailure) or error.again is not Again.HERE:
        return False
    return error.wait is None or error.wait <= LONGEST_WAIT


def pause(state: Any) -> float:
    """Seconds before the next attempt (tenacity's `wait`): what the server asked for, else ever longer, by chance."""
    from tenacity import wait_exponential_jitter

    failure = state.outcome.exception()
    asked = failure.wait if isinstance(failure, ServerFailure) else None
    if asked is not None:
        return float(asked)
    return wait_exponential_jitter(multiplier=FIRST_WAIT, max=LONGEST_WAIT, jitter=FIRST_WAIT)(state)
