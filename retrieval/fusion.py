"""Lexical and dense evidence into one score a document, by a convex combination on absolute scales.

BM25 is divided by the most that a passage could reach for the query, and averaged with the share of the query's
information (idf) that the passage covers; the cosine counts by a weight that depends on whether the dense model reads
the language itself. So a model that is blind in a language cannot drag a good lexical result down (rank fusion does).
Convex combination: Bruch et al., “An Analysis of Fusion Functions for Hybrid Retrieval”, 2022. The weights were
measured on public sets by `benchmarks/retrieval/recall.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from retrieval.index.state import Indexed, IndexState
from retrieval.types import DocumentKind, PassageRole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEPTH = 100  # passages that each part brings
SAME_LANGUAGE = 0.04  # what an answer in the language of the question is worth
_K1 = 1.2  # of tantivy's BM25: a word's score is below idf * (k1 + 1)


class Sight(StrEnum):
    """How well the dense model reads a query's language."""

    FLUENT = "fluent"  # it was trained on it
    GLOSSED = "glossed"  # through the bilingual lexicon
    BLIND = "blind"  # not at all


# The weight of the cosine against an FAQ wording, an article's text and an FAQ answer. Measured: with these, the fused
# recall@1 is at least that of the better part on every set.
WEIGHTS: Mapping[Sight, Mapping[PassageRole, float]] = {
    Sight.FLUENT: {PassageRole.WORDING: 0.7, PassageRole.TEXT: 0.7, PassageRole.ANSWER: 0.75},
    Sight.GLOSSED: {PassageRole.WORDING: 0.6, PassageRole.TEXT: 0.3, PassageRole.ANSWER: 0.55},
    Sight.BLIND: {PassageRole.WORDING: 0.0, PassageRole.TEXT: 0.0, PassageRole.ANSWER: 0.0},
}
SECOND = 0.6  # what the weaker of an entry's two matches, by wording and by answer, adds to the stronger
_FEW = 8  # an entry with so many passages is scored on all of them, a larger one on those found and its answer


@dataclass(frozen=True, slots=True)
class Query:
    """A query made ready: its words, its topic words, and its vector (zeros where the model is blind)."""

    text: str
    language: str
    words: tuple[str, ...]
    topic: tuple[str, ...]
    vector: NDArray[np.float32]
    sight: Sight


@dataclass(slots=True)
class Candidate:
    """A document with its best passage for a query and what speaks for it; ranks count documents from 1."""

    document_id: str
    item: Indexed
    score: float
    cosine: float
    bm25: float  # share of the most that is possible
    coverage: float  # share of the topic words' information that the document has
    lexical_rank: int | None = None
    dense_rank: int | None = None
    lexical_score: float | None = None
    support: float = 0.0  # an FAQ entry's score by its other role: by answer where a wording matched, and the reverse
    margin: float = 0.0  # to the best other document

    @property
    def by_wording(self) -> bool:
        return self.item.passage.role is PassageRole.WORDING


@dataclass(slots=True)
class Parts:
    """The documents that each part alone finds, best first: (document id, score)."""

    lexical: list[tuple[str, float]] = field(default_factory=list)
    dense: list[tuple[str, float]] = field(default_factory=list)


def rank(
    state: IndexState,
    query: Query,
    *,
    without_passage: str | None = None,
    without_documents: Collection[str] = (),
) -> tuple[list[Candidate], Parts]:
    """Documents by fused score, best first, and what each part found.

    What is left out (for calibration on the knowledge base itself) counts as if it were not indexed.
    """

    def kept(found: list[tuple[Indexed, float]]) -> list[tuple[Indexed, float]]:
        return [
            (item, score)
            for item, score in found
            if item.passage.id != without_passage and item.passage.document_id not in without_documents
        ]

    lexical = kept(state.lexical(query.words, DEPTH))
    dense = kept(state.dense(query.vector, DEPTH)) if query.sight is not Sight.BLIND else []
    parts = Parts(_by_document(lexical), _by_document(dense))
    best = _score_documents(state, query, lexical, dense, without_passage)
    for candidate in best.values():
        candidate.score += SAME_LANGUAGE * (candidate.item.passage.language == query.language)
    _note_ranks(best, parts)
    _cover(state, query, best, without_passage)
    ranked = sorted(best.values(), key=lambda candidate: (-candidate.score, candidate.document_id))
    for place, candidate in enumerate(ranked):
        rival = ranked[0].score if place else ranked[1].score if len(ranked) > 1 else 0.0
        candidate.margin = candidate.score - rival
    return ranked, parts


def _score_documents(
    state: IndexState,
    query: Query,
    lexical: list[tuple[Indexed, float]],
    dense: list[tuple[Indexed, float]],
    without_passage: str | None,
) -> dict[str, Candidate]:
    """Every document that either part found, by its best passage; an FAQ entry by its wordings and its answer."""
    bm25 = {item.passage.id: score for item, score in lexical}
    found: dict[str, dict[str, Indexed]] = {}
    for item, _ in (*lexical, *dense):
        found.setdefault(item.passage.document_id, {})[item.passage.id] = item
    ceiling = sum(state.idf(word) for word in query.words) * (_K1 + 1) or 1.0
    idf = {word: state.idf(word) for word in query.topic}
    total = sum(idf.values()) or 1.0
    for document_id, items in found.items():
        all_items = state.of_document[document_id]
        if state.documents[document_id].kind is DocumentKind.FAQ:
            for item in all_items:
                if len(all_items) <= _FEW or item.passage.role is PassageRole.ANSWER:
                    items[item.passage.id] = item
    every = [item for items in found.values() for item in items.values() if item.passage.id != without_passage]
    scored: dict[str, list[Candidate]] = {}
    cosines = state.cosines(every, query.vector) if query.vector.any() else [0.0] * len(every)
    for item, cosine in zip(every, cosines, strict=True):
        score = bm25.get(item.passage.id)
        covered = sum(idf[word] for word in item.vocabulary & idf.keys()) / total
        candidate = _score_passage(query, item, cosine, min(1.0, (score or 0.0) / ceiling), covered)
        candidate.lexical_score = score
        scored.setdefault(item.passage.document_id, []).append(candidate)
    return {document_id: _combine(some) for document_id, some in scored.items()}


def _score_passage(query: Query, item: Indexed, cosine: float, bm25: float, covered: float) -> Candidate:
    weight = WEIGHTS[query.sight][item.passage.role]
    score = weight * max(0.0, cosine) + (1 - weight) * (bm25 + covered) / 2
    return Candidate(item.passage.document_id, item, score, cosine, bm25, covered)


def _combine(scored: Sequence[Candidate]) -> Candidate:
    """The best passage, helped by the best one of the other role: a wording by its answer, an answer by a wording."""
    best = max(scored, key=lambda candidate: candidate.score)
    role = best.item.passage.role
    others = [candidate.score for candidate in scored if candidate.item.passage.role is not role]
    if role is not PassageRole.TEXT:
        best.support = max(others, default=0.0)
        best.score = (best.score + SECOND * best.support) / (1 + SECOND / 2)
    return best


def _cover(state: IndexState, query: Query, best: Mapping[str, Candidate], without_passage: str | None) -> None:
    """Count topic words over the whole FAQ entry: a question may use a word of the answer."""
    idf = {word: state.idf(word) for word in query.topic}
    total = sum(idf.values()) or 1.0
    for candidate in sorted(best.values(), key=lambda c: -c.score)[:10]:
        if state.documents[candidate.document_id].kind is DocumentKind.FAQ:
            items = state.of_document[candidate.document_id]
            have = {word for item in items if item.passage.id != without_passage for word in item.vocabulary}
            candidate.coverage = sum(idf[word] for word in have & idf.keys()) / total


def _by_document(found: Sequence[tuple[Indexed, float]]) -> list[tuple[str, float]]:
    best: dict[str, float] = {}
    for item, score in found:
        best.setdefault(item.passage.document_id, score)
    return list(best.items())


def _note_ranks(best: Mapping[str, Candidate], parts: Parts) -> None:
    for place, (document_id, _) in enumerate(parts.lexical, 1):
        best[document_id].lexical_rank = place
    for place, (document_id, _) in enumerate(parts.dense, 1):
        best[document_id].dense_rank = place
