"""How a conversation feels: a running mean of what its messages say, and where it is going."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MOOD = "mood"  # the conversation value that keeps it
FAST, SLOW = 0.4, 0.1  # what the newest message counts: in the mood of now, and in that of the whole talk
LOW = -0.35
ENOUGH = 3  # messages, before a mood says anything


@dataclass(frozen=True, slots=True)
class Mood:
    """`now` and `whole` are exponentially weighted means of each message's feeling, from -1 (bad) to 1 (good), over
    the last few messages and over the whole talk; `messages` counts them.

    >>> Mood().after(-0.8).after(-0.9).after(-0.7).low
    True
    """

    now: float = 0.0
    whole: float = 0.0
    messages: int = 0

    def after(self, feeling: float) -> Mood:
        """The mood once a further message was said; the first messages count as much as there are of them."""
        count = self.messages + 1
        fast, slow = max(FAST, 1 / count), max(SLOW, 1 / count)
        return Mood(self.now + fast * (feeling - self.now), self.whole + slow * (feeling - self.whole), count)

    @property
    def trend(self) -> float:
        """Above 0 it gets better, below 0 worse."""
        return self.now - self.whole

    @property
    def low(self) -> bool:
        """Whether a person had better take over: the last messages are bad, and it is not just one."""
        return self.messages >= ENOUGH and self.now <= LOW


def feeling_of(distribution: Mapping[str, float]) -> float:
    """One message's feeling, -1 to 1: how much likelier good is than bad."""
    return distribution.get("positive", 0.0) - distribution.get("negative", 0.0)


def mood_after(feelings: Iterable[float]) -> Mood:
    """The mood of messages, oldest first."""
    mood = Mood()
    for feeling in feelings:
        mood = mood.after(feeling)
    return mood


def mood_of(values: Mapping[str, str]) -> Mood:
    """The mood that a conversation's values keep; a new one where there is none, or none that can be read."""
    parts = values.get(MOOD, "").split()
    try:
        now, whole, messages = float(parts[0]), float(parts[1]), int(parts[2])
    except (ValueError, IndexError):
        return Mood()
    if not (-1 <= now <= 1 and -1 <= whole <= 1 and messages >= 0):
        return Mood()
    return Mood(now, whole, messages)


def kept(mood: Mood) -> str:
    """What a conversation's values keep of a mood."""
    return f"{mood.now:.3f} {mood.whole:.3f} {mood.messages}"
