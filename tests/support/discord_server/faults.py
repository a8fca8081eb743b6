"""Faults that a test asks for: errors, lost answers, slow answers."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass
class Fault:
    """What is to happen to the next `times` calls of a route. status None: the connection is cut."""

    method: str
    pattern: re.Pattern[str]
    times: int
    status: int | None = None
    code: int = 0
    message: str = ""
    retry_after: float | None = None
    everywhere: bool = False
    cloudflare: bool = False
    after_effect: bool = False
    delay: float = 0.0


class Faults:
    """The faults that are still to come, oldest first."""

    def __init__(self) -> None:
        self.pending: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self.pending.append(fault)

    def take(self, method: str, path: str, *, slow: bool) -> Fault | None:
        """The next fault of this call; with slow only delays, without only errors."""
        for fault in self.pending:
            if fault.method in ("*", method) and bool(fault.delay) is slow and fault.pattern.fullmatch(path):
                fault.times -= 1
                if fault.times <= 0:
                    self.pending.remove(fault)
                return fault
        return None


def route_pattern(route: str) -> re.Pattern[str]:
    """A path in which * stands for one part and ** for any rest: "/channels/*/messages"."""
    parts = re.split(r"(\*\*|\*)", route)
    return re.compile("".join({"*": "[^/]+", "**": ".*"}.get(part, re.escape(part)) for part in parts))
