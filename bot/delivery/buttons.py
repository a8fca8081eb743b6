"""Which buttons stand under a reply."""

from __future__ import annotations

import unicodedata

import regex

from bot.delivery.actions import Action, Again, Bad, Good, Say, Stop, write
from bot.delivery.ports import Button
from bot.domain import Outcome, Reply
from bot.ports import Texts

LABEL_WIDTH = 60
"""How wide a label may be: a Chinese character or an emoji counts two, whatever else one, also what joins emoji, so
that the label is within Discord's 80 characters. What is said is never cut.
"""

VERDICTS = frozenset({"classify", "sentiment"})
"""Skills that judge: asked again, they say the same."""

Rows = tuple[tuple[Button, ...], ...]


def while_writing(turn_id: int, language: str, texts: Texts) -> Rows:
    """The button that stops the answer."""
    return ((_button(texts("button-stop", language), Stop(turn_id)),),)


def when_finished(turn_id: int, reply: Reply, texts: Texts) -> Rows:
    """Choices and suggestions, one a row; then another answer (of a model only) and opinions, under an answer."""
    labels = [*(choice.label for choice in reply.choices), *reply.suggestions]
    rows: list[tuple[Button, ...]] = [
        (_button(label, Say(turn_id, index)),) for index, label in enumerate(labels) if label.strip()
    ]
    if reply.outcome is not Outcome.SERVICE:
        last: list[tuple[str, Action]] = [("button-good", Good(turn_id)), ("button-bad", Bad(turn_id))]
        if reply.outcome is Outcome.GENERATED and reply.skill not in VERDICTS:
            last.insert(0, ("button-again", Again(turn_id)))
        rows.append(tuple(_button(texts(text_id, reply.language), action) for text_id, action in last))
    return tuple(rows)


def offered(reply: Reply) -> tuple[str, ...]:
    """What the buttons of a reply say, in the order that `Say.index` counts."""
    return (*(choice.text for choice in reply.choices), *reply.suggestions)


def _button(label: str, action: Action) -> Button:
    return Button(fitting(label), write(action))


def fitting(label: str, width: int = LABEL_WIDTH) -> str:
    """A label on one line, cut at a word where there is one, never inside a character that is made of several.

    >>> fitting("one two three", 8)
    'one two…'
    """
    line = " ".join(label.split())
    if sum(map(_columns, line)) <= width:
        return line
    kept, used = "", 1  # the ellipsis takes one
    for character in regex.findall(r"\X", line):  # as a reader counts: an emoji of several code points is one
        used += sum(map(_columns, character))
        if used > width:
            break
        kept += character
    if line[len(kept)] != " " and (space := kept.rfind(" ")) > len(kept) // 2:
        kept = kept[:space]
    return kept.rstrip() + "…"


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
