"""Points at which the process may be broken on purpose: the kill switches of the tests, never armed here.

Each commit of the delivery and each call to a platform lies between two points. `tests/chaos` kills the process at
every one of them in turn, and fails when a commit is added that does not pass through `bot.delivery.keeping`.
"""

from __future__ import annotations

from collections.abc import Callable

COMMITS = (
    "turn accepted",
    "turn taken up",
    "turn handed back",
    "turn started",
    "turn finished",
    "turn ended",
    "turn stopped",
    "turn interrupted",
    "parts taken over",
    "part sending",
    "part sent",
    "part failed",
    "part in doubt",
    "part gone",
    "part removed",
    "delivery ended",
    "button pressed",
    "opinion given",
    "person seen",
    "access changed",
)
"""What is committed. The points of a commit are its name with `begins` and `ends`."""

CALLS = ("send", "edit", "remove", "attach")
"""The calls that change what stands on a platform; their points are named likewise."""

_armed: Callable[[str], None] | None = None


def arm(switch: Callable[[str], None] | None) -> None:
    """Have `switch` called with the name of each point that is reached; None disarms."""
    global _armed
    _armed = switch


def reach(point: str) -> None:
    """Pass a point."""
    if _armed is not None:
        _armed(point)


def points() -> list[str]:
    """All points, by name."""
    return [f"{name} {edge}" for name in (*COMMITS, *CALLS) for edge in ("begins", "ends")]
