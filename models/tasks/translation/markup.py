"""Which markup begins something, and which ends it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto

from models.tasks.translation.spans import Kind, Span


class Role(Enum):
    """What markup does: it opens or closes something, or stands alone. All other spans are ALONE."""

    OPEN = auto()
    CLOSE = auto()
    ALONE = auto()


def roles(spans: Sequence[Span]) -> list[Role]:
    """What each span does."""
    found = [Role.ALONE] * len(spans)
    waiting: list[tuple[str, int]] = []
    for index, span in enumerate(spans):
        if span.kind is not Kind.MARKUP:
            continue
        begun = next((at for at in range(len(waiting) - 1, -1, -1) if closes(waiting[at][0], span.text)), None)
        if begun is not None:
            found[waiting[begun][1]], found[index] = Role.OPEN, Role.CLOSE
            del waiting[begun:]
        else:
            waiting.append((span.text, index))
    return found


def closes(opening: str, closing: str) -> bool:
    """Whether one piece of markup ends what the other began."""
    if closing.startswith("</"):
        name = re.match(r"</\s*([\w-]+)", closing)
        return name is not None and re.match(rf"<{name[1]}\b", opening, re.IGNORECASE) is not None
    if closing.startswith("]("):
        return opening in {"[", "!["}
    return opening == closing and closing[0] in "*_~|"
