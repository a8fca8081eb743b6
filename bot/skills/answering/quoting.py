"""Choosing the sentences of a passage that answer a question best."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from bot.domain.text import flowing, separator, without_headings
from bot.ports import Knowledge, LanguageTools

MAX_CHARACTERS = 320
_NEIGHBOUR_SHARE = 0.6  # a further sentence is quoted if it scores at least this share of the best one


async def best_quotation(question: str, passage: str, language: str, knowledge: Knowledge, tools: LanguageTools) -> str:
    """One or two sentences of the passage, word for word and in its order; the whole passage where it is short.

    Headings are left out: they name what is said, and the citation shows them.
    """
    passage = without_headings(passage)
    sentences = [flowing(passage[start:end], language) for start, end in tools.sentences(passage, language)]
    sentences = [sentence for sentence in sentences if sentence]
    if len(sentences) < 2 or len(passage) <= MAX_CHARACTERS // 2:
        return separator(language).join(sentences)
    scores = await _scores(question, sentences, language, knowledge, tools)
    order = sorted(range(len(sentences)), key=lambda index: -scores[index])
    chosen = [order[0]]
    if (
        scores[order[1]] >= _NEIGHBOUR_SHARE * scores[order[0]]
        and len(sentences[order[0]]) + len(sentences[order[1]]) <= MAX_CHARACTERS
    ):
        chosen.append(order[1])
    return separator(language).join(sentences[index] for index in sorted(chosen))


async def _scores(
    question: str, sentences: Sequence[str], language: str, knowledge: Knowledge, tools: LanguageTools
) -> list[float]:
    """Share of the question's words that a sentence has, rarer words counting more, plus the cosine."""
    asked = set(tools.content_words(question, language))
    words = [set(tools.content_words(sentence, language)) for sentence in sentences]
    frequency = Counter(word for found in words for word in found)
    weight = {word: math.log(1 + len(sentences) / (1 + frequency[word])) for word in asked}
    total = sum(weight.values()) or 1.0
    cosines = (await knowledge.similarity([question], sentences))[0]
    return [
        sum(weight[word] for word in asked & found) / total + max(cosine, 0.0)
        for found, cosine in zip(words, cosines, strict=True)
    ]
