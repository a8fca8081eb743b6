"""What goes wrong on the way to the platforms: by chance, as strongly as the sky is bad; and who is watching the calls.

The fake servers ask their faults before each call. These here answer by lot, beside what else was planned.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.script import END, MARK
from tests.support.discord_server import faults as discord_faults
from tests.support.telegram_server import faults as telegram_faults
from tests.support.telegram_server.calls import Call

_UNHARMED = frozenset({"getMe", "getWebhookInfo", "deleteWebhook", "setWebhook"})  # a start that waits tests nothing
_UNHARMED_PATHS = re.compile(r"/users/@me|/gateway.*|/oauth2/.*")


@dataclass(slots=True)
class Sky:
    """The chances of each harm, for every call; `storm` sets one of them for a while."""

    draw: random.Random
    cut_before: float = 0.0  # the connection is cut, and nothing happened
    cut_after: float = 0.0  # the connection is cut, and it happened
    error_before: float = 0.0  # HTTP 500 or 502
    error_after: float = 0.0  # the same, and yet it happened
    flood: float = 0.0  # HTTP 429
    slow: float = 0.0

    def harm(self) -> str:
        """One of the names above by lot, or "" for none."""
        for name in ("cut_before", "cut_after", "error_before", "error_after", "flood", "slow"):
            if self.draw.random() < getattr(self, name):
                return name
        return ""

    async def storm(self, name: str, seconds: float, chance: float) -> None:
        """One harm, for so many seconds."""
        setattr(self, name, chance)
        try:
            await asyncio.sleep(seconds)
        finally:
            setattr(self, name, 0.0)


@dataclass(slots=True)
class Watch:
    """Sees each call as it comes: whose answers end, which sends may be in doubt, and when to strike.

    `strike` is called for each call with the platform and the method, before the call takes effect; where it gives
    True, the call never arrives.
    """

    strike: Callable[[str, str], bool] = lambda platform, method: False
    ended: set[int] = field(default_factory=set)
    sends: list[tuple[float, frozenset[int]]] = field(default_factory=list)
    doubtful: set[int] = field(default_factory=set)
    calls: int = 0
    last: float = 0.0  # when a message was last sent, changed or removed

    def saw(self, platform: str, method: str, text: str) -> bool:
        """A call has come; whether it is to be lost on its way."""
        self.calls += 1
        if text:
            self.last = _now()
        return self.strike(platform, method)

    def shown(self, text: str) -> None:
        """A text was taken by the platform."""
        self.ended.update(int(found[1]) for found in END.finditer(text))

    def doubt(self, since: float, until: float) -> None:
        """Whoever sent in that time may not have learned that it worked."""
        for at, numbers in self.sends:
            if since <= at <= until:
                self.doubtful |= numbers
        self.sends = [send for send in self.sends if send[0] > until]


class TelegramWeather(telegram_faults.Faults):
    """Faults of the Telegram server."""

    def __init__(self, sky: Sky, watch: Watch) -> None:
        super().__init__()
        self._sky = sky
        self._watch = watch

    def take(self, call: Call) -> telegram_faults.Fault | None:
        text = str(call.params.get("text", "")) if call.method in ("sendMessage", "editMessageText") else ""
        lost = self._watch.saw("telegram", call.method, text)
        fault = telegram_faults.Fault(call.method, cut=True) if lost else super().take(call) or self._by_lot(call)
        happens = fault is None or fault.after_effect or not (fault.error or fault.cut)
        if text and happens:
            numbers = frozenset(int(found[1]) for found in MARK.finditer(text))
            if call.method == "sendMessage":
                self._watch.sends.append((_now() + (fault.seconds if fault else 0.0), numbers))
                if fault is not None and fault.after_effect:
                    self._watch.doubtful |= numbers
            self._watch.shown(text)
        return fault

    def _by_lot(self, call: Call) -> telegram_faults.Fault | None:
        if call.method in _UNHARMED:
            return None
        made = telegram_faults.Fault
        match self._sky.harm():
            case "cut_before":
                return made(call.method, cut=True)
            case "cut_after" | "error_after":  # Telegram's server knows no other way to lose an answer
                return made(call.method, after_effect=True)
            case "error_before":
                return made(call.method, telegram_faults.refusal(502, "Bad Gateway", None))
            case "flood":
                return made(call.method, telegram_faults.refusal(429, None, 1))
            case "slow":
                return made(call.method, seconds=self._sky.draw.uniform(0.1, 1.0))
        return None


class DiscordWeather(discord_faults.Faults):
    """Faults of the Discord server's REST side. What a call says is seen in its answer, by `DiscordStage`."""

    def __init__(self, sky: Sky, watch: Watch) -> None:
        super().__init__()
        self._sky = sky
        self._watch = watch

    def take(self, method: str, path: str, *, slow: bool) -> discord_faults.Fault | None:
        if slow:
            return super().take(method, path, slow=True)
        changes = "/messages" in path and method != "GET"
        if self._watch.saw("discord", f"{method} message" if changes else method, path if changes else ""):
            return discord_faults.Fault("*", re.compile(".*"), 1)
        return super().take(method, path, slow=False) or self._by_lot(path)

    def _by_lot(self, path: str) -> discord_faults.Fault | None:
        if _UNHARMED_PATHS.fullmatch(path):
            return None
        harm = self._sky.harm()
        if harm in ("", "slow"):
            return None
        after = harm.endswith("after")
        status: Any = {"cut": None, "error": self._sky.draw.choice((500, 502)), "flood": 429}[harm.partition("_")[0]]
        return discord_faults.Fault("*", re.compile(".*"), 1, status, retry_after=0.5, after_effect=after)


def _now() -> float:
    return asyncio.get_running_loop().time()
