"""Questions that need the one before them: "how long does it take?" after a question about refunds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.domain import Message, Role
from bot.domain.text import without_command
from bot.ports import Document, Knowledge, LanguageTools, SearchResult

# Chosen on tests/data/follow-ups.jsonl, against changes of topic and against nonsense that points back.
SHORT = 2  # content words of a question that may lean on the one before it
MIN_OWN_SCORE = 0.25  # what a document must score for the new words alone, so that they have something to do with it
SURE_ALONE = 0.95  # so confident a hit of the words alone is what was meant, though they point back
SURE_ENOUGH = 0.5  # the same where they do not, or where the alternative was said just now
DEPTH = 30
MAX_EARLIER = 1000  # characters of the message before, so that the question itself is searched too

_EXPLETIVE = re.compile(
    r"\bis it (?:possible|ok|okay|safe|true|necessary|allowed|free)\b"
    r"|\b(?:do|does|is|are) there\b|\bthere (?:is|are)\b",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|that|this|these|those|they|them|their|one|ones|he|she|there|then|same|else|instead|either|too)\b"
    r"|^(?:and|but|so|or|what about|how about|why|really|also)\b"
    r"|它|他们|她们|这个|那个|这些|那些|这样|那样|这种|那种|其中|那里|这里|上面|刚才|呢[？?]?$"
    r"|^(?:那|那么|然后|还有|所以|但是|为什么|要是|如果)",
    re.IGNORECASE,
)


async def search_in_context(
    text: str,
    language: str,
    history: Sequence[Message],
    k: int,
    knowledge: Knowledge,
    tools: LanguageTools,
    answer_in: str | None = None,
) -> SearchResult:
    """Search for the question alone and, where it leans on the last question before it, for both together.

    Joined, the earlier question weighs most, so its documents are taken only if the new words fit them too.
    """
    alone = await knowledge.search(text, DEPTH, language, answer_in=answer_in)
    asked = tools.content_words(text, language)
    if not asked:
        alone = _nearest_in_vain(alone)
    result = replace(alone, hits=alone.hits[:k])
    earlier = _earlier(history)
    points_back = bool(_POINTS_BACK.search(_EXPLETIVE.sub("", text.strip()))) or len(asked) <= 1
    if earlier is None or not (points_back or len(asked) <= SHORT) or _is_sure(alone, points_back) or not _says(text):
        return result
    joint = await knowledge.search(f"{earlier}\n{text}", DEPTH, language, answer_in=answer_in)
    if not joint.hits or not _adds(joint.hits[0].document, alone, history, asked, tools):
        return result
    # What only the conversation explains is never given as the curated answer, but as the nearest that is known.
    least_sure = alone.thresholds.curated - 0.01
    hits = (replace(hit, confidence=min(hit.confidence, least_sure), exact=False) for hit in joint.hits[:k])
    return replace(alone, hits=tuple(hits))


def _nearest_in_vain(alone: SearchResult) -> SearchResult:
    """ "Why?" names no matter: what is near it by chance answers nothing, unless it is as good as a wording."""
    sure = alone.thresholds.curated
    hits = (hit if hit.confidence >= sure else replace(hit, confidence=0.0) for hit in alone.hits)
    return replace(alone, hits=tuple(hits))


def _earlier(history: Sequence[Message]) -> str | None:
    """What the question may lean on: the message that it quotes (turn 0), else the last question before it."""
    for message in reversed(history):
        if message.turn_id == 0 or message.role is Role.USER:
            return without_command(message.text)[:MAX_EARLIER]
    return None


def _adds(
    document: Document, alone: SearchResult, history: Sequence[Message], asked: Sequence[str], tools: LanguageTools
) -> bool:
    """Whether the joint question's document has to do with the new words; if it was just said, by holding them."""
    own = {hit.document.id: hit.score for hit in alone.hits}
    if asked and own.get(document.id, 0.0) < MIN_OWN_SCORE:
        return False
    last = next((message for message in reversed(history) if message.role is Role.ASSISTANT), None)
    just_said = last is not None and any(citation.document == document.id for citation in last.citations)
    if not just_said or not alone.hits or alone.hits[0].confidence < SURE_ENOUGH:
        return True
    text = "\n".join((document.title, *document.wordings, document.text))
    return not asked or not set(asked).isdisjoint(tools.content_words(text, document.language))


def _says(text: str) -> bool:
    """Whether there is a letter or a digit: an emoji asks nothing that the question before could complete."""
    return any(character.isalnum() for character in text)


def _is_sure(alone: SearchResult, points_back: bool) -> bool:
    if not alone.hits:
        return False
    if points_back:
        return alone.hits[0].exact or alone.hits[0].confidence >= SURE_ALONE
    return alone.hits[0].confidence >= SURE_ENOUGH
