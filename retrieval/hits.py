"""What search gives for the documents that it found: what is cited of each, and how it was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from retrieval.calibrate import confidence
from retrieval.fusion import Candidate, Query
from retrieval.index.state import IndexState
from retrieval.types import Hit, Passage, PassageRole


def hit_of(state: IndexState, candidate: Candidate, query: Query) -> Hit:
    """The hit that a candidate makes, with how surely it answers."""
    return Hit(
        passage=_cited(state, candidate),
        document=state.documents[candidate.document_id],
        score=candidate.score,
        confidence=confidence(candidate, query),
        lexical_rank=candidate.lexical_rank,
        dense_rank=candidate.dense_rank,
        lexical_score=candidate.lexical_score,
        dense_score=candidate.cosine,
    )


def merged(exact: Sequence[Hit], found: Sequence[Hit]) -> list[Hit]:
    """Exact hits first, with the ranks that search gave them, so that one sees how they were found; then the others."""
    known = {one.document.id for one in exact}
    by_document = {one.document.id: one for one in found}
    return [
        *(_ranked(one, by_document.get(one.document.id)) for one in exact),
        *(one for one in found if one.document.id not in known),
    ]


def _ranked(exact: Hit, found: Hit | None) -> Hit:
    if found is None:
        return exact
    return replace(
        exact,
        lexical_rank=found.lexical_rank,
        dense_rank=found.dense_rank,
        lexical_score=found.lexical_score,
        dense_score=found.dense_score,
    )


def _cited(state: IndexState, candidate: Candidate) -> Passage:
    """What is cited for a candidate: an FAQ entry's answer where a wording matched, else the passage itself."""
    if not candidate.by_wording:
        return candidate.item.passage
    answers = (item.passage for item in state.of_document[candidate.document_id])
    return next((p for p in answers if p.role is PassageRole.ANSWER), candidate.item.passage)
