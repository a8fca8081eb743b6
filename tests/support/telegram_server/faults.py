"""Faults that a test asks for: refusals, lost replies, cuts, slowness. Each call takes the first that fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.errors import ApiError, too_many

Fits = Callable[[Call], bool]


@dataclass(slots=True)
class Fault:
    """What happens to the next calls of a method.

    Attributes:
        error: the refusal; None where the connection is cut, or nothing but time is lost.
        seconds: loop time to wait before anything else.
        after_effect: the call takes effect first, and then its reply is lost; with ``seconds`` it is only late.
        cut: the connection is closed without an answer.
        left: how many more calls it meets.
        met: how many it has met.
    """

    method: str
    error: ApiError | None = None
    seconds: float = 0.0
    after_effect: bool = False
    cut: bool = False
    left: int = 1
    met: int = 0
    fits: Fits | None = None


class Faults:
    """The faults still to come."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Plan a fault; it stays in order behind those that are planned."""
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Nothing more goes wrong."""
        self._faults.clear()

    def take(self, call: Call) -> Fault | None:
        """The fault that this call meets, if any."""
        for fault in self._faults:
            if fault.method in ("*", call.method) and (fault.fits is None or fault.fits(call)):
                fault.left -= 1
                fault.met += 1
                if fault.left <= 0:
                    self._faults.remove(fault)
                return fault
        return None


def refusal(code: int, description: str | None, retry_after: int | None) -> ApiError:
    """The refusal of a fault, in Telegram's words where none are given."""
    if code == 429:
        plain = too_many(retry_after or 1)
        return ApiError(429, description or plain.description, **plain.parameters)
    words = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}
    text = description or words.get(code, "Internal Server Error")
    return ApiError(code, text, retry_after=retry_after) if retry_after else ApiError(code, text)
