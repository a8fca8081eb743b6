"""Reordering what search found by a reranker, which reads the question and each passage together.

Only the order changes, and only among what fusion found. Thresholds are calibrated on fusion's confidence, so a hit
keeps its own; where the reranker puts another one first and finds it likelier than not to answer, that one is at least
as surely right as the first of fusion was, whose confidence it takes where its own is lower.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from retrieval.errors import RerankingFailed
from retrieval.ports import Reranker
from retrieval.types import DocumentKind, Hit

logger = logging.getLogger(__name__)

DEPTH = 20  # documents that are read again: what fusion has not among them is hardly ever the answer
LIKELY = 0.5


def reranked(reranker: Reranker, query: str, hits: Sequence[Hit]) -> list[Hit]:
    """The hits in the reranker's order, those of an exact wording first; as they were where the reranker fails."""
    exact = [hit for hit in hits if hit.exact]
    rest = [hit for hit in hits if not hit.exact]
    if len(rest) < 2:
        return list(hits)
    try:
        scores = reranker.score(query, [_text(hit) for hit in rest])
    except RerankingFailed as error:
        logger.warning("the hits stay in their order: %s", error)
        return list(hits)
    order = sorted(range(len(rest)), key=lambda index: (-scores[index], index))
    ordered = [rest[index] for index in order]
    surest = rest[0].confidence
    if scores[order[0]] >= LIKELY and ordered[0].confidence < surest:
        ordered[0] = replace(ordered[0], confidence=surest)
    return [*exact, *ordered]


def _text(hit: Hit) -> str:
    """What answers: an FAQ entry with its question, a passage with the headings above it."""
    above = (hit.document.title,) if hit.document.kind is DocumentKind.FAQ else hit.passage.heading_path
    return "\n".join((*above, hit.passage.text))
