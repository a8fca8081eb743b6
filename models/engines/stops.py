"""Stop strings: the text ends where the first of them begins, and no part of one is ever shown."""

from __future__ import annotations

from collections.abc import Sequence


class StopFilter:
    """Holds back text that may be the beginning of a stop string.

    stops = StopFilter(["END"])
    stops.feed("one E")   # "one "
    stops.feed("xit EN")  # "Exit "
    stops.feed("D two")   # "" and stops.stopped is True
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [stop for stop in stops if stop]
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """Take text; give what can be shown."""
        if self.stopped:
            return ""
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            self.stopped = True
            shown, self._held = self._held[: min(found)], ""
            return shown
        keep = max((self._overlap(stop) for stop in self._stops), default=0)
        shown, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return shown

    def flush(self) -> str:
        """Give what was held back, when the text ended otherwise."""
        shown, self._held = self._held, ""
        return shown

    def _overlap(self, stop: str) -> int:
        for length in range(min(len(stop) - 1, len(self._held)), 0, -1):
            if self._held.endswith(stop[:length]):
                return length
        return 0
