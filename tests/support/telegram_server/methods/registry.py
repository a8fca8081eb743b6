"""The methods by name. Names are compared without regard to case, as Telegram does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.support.telegram_server.calls import Call
from tests.support.telegram_server.world import World

Method = Callable[[World, Call], Awaitable[Any]]

METHODS: dict[str, Method] = {}


def method(name: str) -> Callable[[Method], Method]:
    """Register a method: it returns the ``result``, or raises ``ApiError``."""

    def register(function: Method) -> Method:
        METHODS[name.lower()] = function
        return function

    return register
