"""How likely the found document answers: a small logistic model, and thresholds chosen on the knowledge base itself.

The coefficients were fitted by `benchmarks/retrieval/fit_confidence.py` on half of the public question sets in English
and Chinese: right first hits against wrong ones, against out-of-scope questions, and against questions whose own
document was left out. The thresholds are then adapted to a knowledge base by asking it its own wordings, each left out
of the index in turn, and everyday questions that it does not answer.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.fusion import Candidate, Query, Sight, rank
from retrieval.index.state import Indexed, IndexState
from retrieval.tokenize import content_words
from retrieval.types import PassageRole, Thresholds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLE = 80  # wordings that are asked
_NEEDED = 20  # fewer tell nothing
_PRECISION = 0.95  # of curated answers, on the knowledge base's own wordings
# A knowledge base's own wordings are harder to tell apart than people's: they are not to be believed beyond these.
_CURATED = (0.65, 0.7)  # in a language that the embedder reads
_CURATED_GLOSSED = (0.7, 0.87)  # in one that it reads through a gloss, or not at all
_DECLINED = 0.9  # of foreign questions
_DECLINED_LEAST = 0.89  # where the knowledge base's own wordings can be weighed against them
_KEPT = 0.95  # of the knowledge base's own wordings
_UNANSWERED = 0.25  # what a wording without its entry counts: of four questions about the matter one has no entry
_TRUST = 80  # so many wordings weigh as much as the default


@dataclass(frozen=True, slots=True)
class Judged:
    """A question that calibration asked: how sure the first hit was, and whether it was the right one."""

    confidence: float
    right: bool
    has_entry: bool  # False: the entry that answers it was left out


@dataclass(frozen=True, slots=True)
class Coefficients:
    """A logistic model: log-odds = bias + the sum of weight * feature."""

    bias: float
    cosine: float
    bm25: float
    coverage: float
    margin: float
    support: float


# The measured AUROC of right against wrong on the other half of the questions is beside each.
TABLE: Mapping[Sight, Coefficients] = {
    Sight.FLUENT: Coefficients(-4.60, 5.56, 0.00, 1.72, 8.28, 0.00),  # n 2086, AUROC .877
    Sight.GLOSSED: Coefficients(-4.44, 4.77, 0.00, 1.87, 10.39, 4.82),  # n 1484, AUROC .933
    Sight.BLIND: Coefficients(-3.27, 0.00, 0.96, 2.09, 11.09, 3.41),  # n 2086, AUROC .866
}


def features(candidate: Candidate) -> tuple[float, float, float, float, float]:
    """Cosine, BM25 share, coverage, the margin to the best other document (at most 0.3 either way), and support."""
    margin = max(-0.3, min(0.3, candidate.margin))
    return candidate.cosine, candidate.bm25, candidate.coverage, margin, candidate.support


def confidence(candidate: Candidate, query: Query) -> float:
    """The likelihood in [0, 1] that the candidate's document answers the query."""
    table = TABLE[query.sight]
    weights = (table.cosine, table.bm25, table.coverage, table.margin, table.support)
    odds = table.bias + sum(weight * value for weight, value in zip(weights, features(candidate), strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def calibrate(
    state: IndexState, sight_of: Mapping[str, Sight], foreign: Sequence[Query] = (), seed: int = 0
) -> Thresholds:
    """Thresholds for a knowledge base, from its own FAQ wordings and foreign questions; else the measured defaults.

    A wording that finds its own entry without itself is a right answer; what is found without the entry is a wrong one.
    """
    wordings = [
        item
        for items in state.of_document.values()
        if sum(item.passage.role is PassageRole.WORDING for item in items) > 1
        for item in items
        if item.passage.role is PassageRole.WORDING
    ]
    sample = random.Random(seed).sample(wordings, min(SAMPLE, len(wordings)))  # noqa: S311 - no secret
    judged = []
    if len(sample) >= _NEEDED:
        for item, vector in zip(sample, state.vectors(sample), strict=True):
            judged += _ask(state, item, vector, sight_of)
    outside = [confidence(top, query) for query in foreign for top in rank(state, query)[0][:1]]
    return thresholds(judged, outside)


def thresholds(judged: Sequence[Judged], foreign: Sequence[float] = ()) -> Thresholds:
    """The lowest threshold whose curated answers are right often enough; an answerable one that foreign ones miss.

    The fewer wordings there are to judge by, the nearer the curated threshold stays to the default.
    """
    default = Thresholds()
    fluent, glossed, answerable = default.curated, default.curated_glossed, default.answerable
    if judged:
        trust = len(judged) / (len(judged) + _TRUST)
        found = _lowest(judged, _PRECISION)
        curated = trust * (found if found is not None else 0.95) + (1 - trust) * default.curated
        fluent, glossed = _within(_CURATED, curated), _within(_CURATED_GLOSSED, curated)
    if len(foreign) >= _NEEDED:
        asked = [one.confidence for one in judged if one.has_entry]
        answerable = _between(asked, foreign)
        if not asked:
            # Everyday questions are too easy to decline: without own wordings they may only raise the default,
            # which was measured on questions about the matter (benchmarks/answers.py).
            answerable = max(answerable, default.answerable)
    return Thresholds(fluent, _within((0.05, 0.6), answerable), glossed)


def _within(bounds: tuple[float, float], value: float) -> float:
    return min(bounds[1], max(bounds[0], value))


def entry_name(document_id: str) -> str:
    """What the entries of one question in several languages share: `returns` of `returns.en` and `returns.zh`."""
    base, dot, language = document_id.rpartition(".")
    return base if dot and 2 <= len(language) <= 3 else document_id


def _ask(state: IndexState, item: Indexed, vector: NDArray[np.float32], sight_of: Mapping[str, Sight]) -> list[Judged]:
    passage = item.passage
    topic = tuple(dict.fromkeys(content_words(passage.text, passage.language)))
    sight = sight_of.get(passage.language, Sight.BLIND)
    base = entry_name(passage.document_id)
    translations = [passage.document_id, base, *(f"{base}.{language}" for language in state.languages)]
    query = Query(passage.text, passage.language, item.words, topic, vector, sight)
    own = {key for key in translations if key in state.documents}
    found, _ = rank(state, query, without_passage=passage.id)
    foreign, _ = rank(state, query, without_documents=own)
    return [
        *(Judged(confidence(top, query), top.document_id in own, has_entry=True) for top in found[:1]),
        *(Judged(confidence(top, query), right=False, has_entry=False) for top in foreign[:1]),
    ]


def _lowest(judged: Sequence[Judged], precision: float) -> float | None:
    right, total, best = 0.0, 0.0, None
    for one in sorted(judged, key=lambda one: -one.confidence):
        total += 1.0 if one.has_entry else _UNANSWERED
        right += one.right
        if right / total >= precision:
            best = one.confidence
    return best


def _between(asked: Sequence[float], foreign: Sequence[float]) -> float:
    """What most foreign questions stay below; less (down to half) where answerable ones would be lost by that.

    There the geometric mean of the two shares the mistakes between them.
    """
    share = _DECLINED_LEAST if asked else _DECLINED
    below = sorted(foreign)[min(len(foreign) - 1, int(share * len(foreign)))]
    if not asked:
        return below
    passed = sorted(asked)[int((1 - _KEPT) * len(asked))]
    return math.sqrt(below * min(below, max(below / 2, passed)))
