"""What is asked and what is answered: a question names its number, and the number alone tells the whole answer.

Every sentence of an answer carries a mark, `q12s3` for the third of question 12, and the last one ends with `q12end`.
So each message that stands on a platform tells whose it is, and a missing, doubled or cut piece is seen for what it is.
"""

from __future__ import annotations

import random
import re

QUESTION = re.compile(r"\bquestion (\d+)\b")
MARK = re.compile(r"\bq(\d+)s(\d+)\b")
END = re.compile(r"\bq(\d+)end\b")
_WORDS = (
    *("parcel", "refund", "invoice", "退款", "发票", "the", "order", "arrives", "within", "days", "and"),
    *("you", "may", "return", "it", "📦", "warranty", "card"),
)


def question(number: int) -> str:
    """What a person writes."""
    return f"question {number}, please"


def is_written(number: int) -> bool:
    """Whether the answer comes piece by piece, as from a model; otherwise it is there at once."""
    return random.Random(number).random() < 0.5


def answer(number: int) -> str:
    """The answer: one sentence where it is there at once; else some, and for every fifth of several messages' length.

    >>> answer(7) == answer(7)
    True
    """
    draw = random.Random(number)
    count = 1
    if draw.random() < 0.5:
        count = draw.randint(60, 110) if draw.random() < 0.2 else draw.randint(3, 12)
    sentences = [_sentence(number, position, draw) for position in range(1, count + 1)]
    paragraphs = [" ".join(sentences[at : at + 4]) for at in range(0, count, 4)]
    return "\n\n".join(paragraphs) + f" q{number}end."


def pieces(number: int, length: int = 60) -> list[str]:
    """The answer as it is written; in one piece where it is there at once."""
    text = answer(number)
    if not is_written(number):
        return [text]
    return [text[at : at + length] for at in range(0, len(text), length)]


def _sentence(number: int, position: int, draw: random.Random) -> str:
    return f"q{number}s{position} " + " ".join(draw.choices(_WORDS, k=draw.randint(4, 16))) + "."
