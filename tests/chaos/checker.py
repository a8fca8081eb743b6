"""Compares what people did with what the platforms show at the end. It knows nothing of Parley's code and rows.

    finding = Finding()
    for talk in talks:
        finding.add(talk)
    assert finding.faults == 0, finding.examples

A *talk* is one conversation: the questions in the order in which they were asked, and the bot's messages as they stand.
Telegram alone leaves real doubt: a message whose sending took effect while the one who sent it never learned so. Such
questions, where Parley says as much itself, are named in `Talk.doubtful`; where one of them has a part twice or not at
all, it counts as `in_doubt` instead. Discord settles it by the nonce, so nothing there is excused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from tests.chaos.script import MARK, answer

STOPPED = "(stopped)"
SMALL = "-#"  # Discord's sign before a remark in small letters
ASIDES = ("There is nothing to stop.",)
MOST_EXAMPLES = 20


class Fate(StrEnum):
    """What became of a question, by the person's own doing."""

    KEPT = "kept"
    EDITED = "edited"  # into the question `becomes`: one of the two is answered
    DELETED = "deleted"  # answered or not, but never in part
    STOPPED = "stopped"  # answered as far as it got


@dataclass(slots=True)
class Asked:
    """A question that a person asked."""

    number: int
    fate: Fate = Fate.KEPT
    becomes: int = 0


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message of the bot that stands in a talk. `growing`: it still has the button of an unfinished answer."""

    text: str
    growing: bool = False


@dataclass(slots=True)
class Talk:
    """One conversation, with the questions in their order and what is shown."""

    name: str
    asked: list[Asked]
    shown: Sequence[Bubble]
    doubtful: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Finding:
    """Counts over all talks. `strange` are messages that belong to no question of their talk; `unheard` are edits that
    came too late or were not told to the bot, so that the first wording is answered, which is no fault.
    """

    turns: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    cut: int = 0
    strange: int = 0
    in_doubt: int = 0
    unheard: int = 0
    examples: list[str] = field(default_factory=list)
    faulty: list[int] = field(default_factory=list)  # questions

    @property
    def faults(self) -> int:
        return self.lost + self.doubled + self.out_of_order + self.cut + self.strange

    def line(self, kills: int, seconds: float) -> str:
        """The one line that is printed at the end."""
        return (
            f"lost {self.lost} doubled {self.doubled} out-of-order {self.out_of_order} cut {self.cut} "
            f"strange {self.strange} in-doubt {self.in_doubt} turns {self.turns} kills {kills} seconds {seconds:.0f}"
        )

    def add(self, talk: Talk) -> None:
        """Look at one talk."""
        answers = _Answers(talk)
        self.turns += len(talk.asked)
        for text in answers.strange:
            self._note("strange", talk, 0, text)
        for asked in talk.asked:
            self._one(talk, answers, asked)
        for number in answers.misplaced():
            self._note("out_of_order", talk, number)

    def _one(self, talk: Talk, answers: _Answers, asked: Asked) -> None:
        there = [number for number in (asked.number, asked.becomes) if number and answers.of(number)]
        if not there:
            if asked.fate in (Fate.KEPT, Fate.EDITED):
                self._missing(talk, asked)
            return
        if len(there) > 1 and talk.doubtful.issuperset(there):  # a message of the first wording is known to nobody
            self.in_doubt += 1
            there = [asked.becomes]
        elif len(there) > 1:
            self._note("doubled", talk, asked.number, f"and {asked.becomes}, into which it was edited")
        if asked.fate is Fate.EDITED and there == [asked.number]:
            self.unheard += 1
        for number in there:
            stopped = asked.fate is Fate.STOPPED
            faults = _faults(number, answers.of(number), stopped)
            if number in talk.doubtful and self._excused(number, answers, faults, stopped):
                self.in_doubt += 1
                continue
            for fault, detail in faults:
                self._note(fault, talk, number, detail)
            if answers.growing(number):
                self._note("cut", talk, number, "it looks as if it were still being written")

    def _excused(self, number: int, answers: _Answers, faults: list[tuple[str, str]], stopped: bool) -> bool:
        """Whether it is the doubt that shows. A copy that nobody knows of looks unfinished beside the finished one;
        an answer that is unfinished altogether has no excuse.
        """
        if not answers.growing(number):
            return bool(faults)
        finished = [bubble for bubble in answers.of(number) if not bubble.growing]
        return bool(finished) and not any(fault == "cut" for fault, _ in _faults(number, finished, stopped))

    def _missing(self, talk: Talk, asked: Asked) -> None:
        if talk.doubtful & {asked.number, asked.becomes}:
            self.in_doubt += 1
        else:
            self._note("lost", talk, asked.number)

    def _note(self, fault: str, talk: Talk, number: int, detail: str = "") -> None:
        setattr(self, fault, getattr(self, fault) + 1)
        if number and number not in self.faulty:
            self.faulty.append(number)
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append(f"{fault}: question {number} in {talk.name} {detail[:120]}".rstrip())


class _Answers:
    """The bot's messages of a talk by the question that they answer."""

    def __init__(self, talk: Talk) -> None:
        known = {asked.number for asked in talk.asked} | {asked.becomes for asked in talk.asked}
        stops = any(asked.fate is Fate.STOPPED for asked in talk.asked)
        self._places = {n: at for at, asked in enumerate(talk.asked) for n in (asked.number, asked.becomes) if n}
        self._bubbles: dict[int, list[Bubble]] = {}
        self._order: list[int] = []
        self.strange: list[str] = []
        for bubble in talk.shown:
            owners = {int(found[1]) for found in MARK.finditer(bubble.text)}
            if len(owners) == 1 and owners <= known:
                number = owners.pop()
                self._bubbles.setdefault(number, []).append(bubble)
                if self._order[-1:] != [number]:
                    self._order.append(number)
            elif owners or not (stops and bubble.text.removeprefix(SMALL).strip() in (STOPPED, *ASIDES)):
                self.strange.append(bubble.text)

    def of(self, number: int) -> list[Bubble]:
        return self._bubbles.get(number, [])

    def growing(self, number: int) -> bool:
        return any(bubble.growing for bubble in self.of(number))

    def misplaced(self) -> list[int]:
        """Answers that stand after one that was asked for later, or that another one interrupts."""
        firsts = list(dict.fromkeys(self._order))
        behind = [b for a, b in pairwise(firsts) if self._places[b] < self._places[a]]
        torn = [n for n, times in Counter(self._order).items() if times > 1 and not _doubles(self.of(n))]
        return behind + torn


def _doubles(bubbles: Sequence[Bubble]) -> int:
    """How many marks stand there more than once."""
    marks = Counter(found[0] for bubble in bubbles for found in MARK.finditer(bubble.text))
    return sum(times > 1 for times in marks.values())


def _faults(number: int, bubbles: Sequence[Bubble], stopped: bool) -> list[tuple[str, str]]:
    """What is wrong with an answer of which something stands there: kinds of fault, each with a detail."""
    told = " ".join(bubble.text for bubble in bubbles).split()
    wanted = answer(number).split()
    if told == wanted:
        return []
    if stopped and told and _begins(wanted, _without_mark(told)):
        return []
    found = []
    if again := _doubles(bubbles):
        found.append(("doubled", f"{again} sentences"))
    once = set(told)
    if not again or not once.issuperset(wanted):
        found.append(("cut", f"{len(told)} words instead of {len(wanted)}, ending in {' '.join(told[-3:])}"))
    return found


def _without_mark(told: list[str]) -> list[str]:
    """The words of a stopped answer without Parley's remark."""
    if told[-1:] == [STOPPED]:
        told = told[:-1]
    return told[:-1] if told[-1:] == [SMALL] else told


def _begins(wanted: Sequence[str], told: Sequence[str]) -> bool:
    """Whether an answer begins with these words; the last one may be torn."""
    if len(told) > len(wanted):
        return False
    return list(wanted[: len(told) - 1]) == list(told[:-1]) and (not told or wanted[len(told) - 1].startswith(told[-1]))
