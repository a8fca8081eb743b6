"""Measures: accuracy, macro-F1 and calibration error of labels; BLEU and chrF of translations (sacrebleu)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.errors import InvalidRows
from models.extras import install
from models.types import Prediction

BINS = 10
# How sacrebleu cuts the reference into words, where spaces do not.
_TOKENIZERS = {"zh": "zh", "ja": "char", "th": "char", "km": "char", "my": "char", "lo": "char"}


@dataclass(frozen=True, slots=True)
class LabelScores:
    """Of one set of texts. `f1` holds each label's; `ece` is the expected calibration error (0 is perfect)."""

    n: int
    accuracy: float
    macro_f1: float
    ece: float
    f1: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TranslationScores:
    """Of one set of texts, on sacrebleu's scale of 0 to 100; `signature` says how BLEU was counted."""

    n: int
    bleu: float
    chrf: float
    signature: str


def label_scores(right: Sequence[str], predictions: Sequence[Prediction]) -> LabelScores:
    """Compare predictions with the right labels, which must be as many and at least one."""
    said = [prediction.label for prediction in predictions]
    hits = [one == other for one, other in zip(said, right, strict=True)]
    # Labels that a file does not have count for nothing, unless they were said: then they are wrong there.
    f1 = {label: _f1(label, right, said) for label in sorted({*right})}
    return LabelScores(
        n=len(hits),
        accuracy=sum(hits) / len(hits),
        macro_f1=sum(f1.values()) / len(f1),
        ece=calibration_error([prediction.probability for prediction in predictions], hits),
        f1=f1,
    )


def calibration_error(confidences: Sequence[float], hits: Sequence[bool], bins: int = BINS) -> float:
    """The expected calibration error: how far confidence and accuracy lie apart, over bins of equal width, weighted
    by their size (Guo et al. 2017).
    """
    placed: dict[int, list[tuple[float, bool]]] = {}
    for confidence, hit in zip(confidences, hits, strict=True):
        placed.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, hit))
    apart = (abs(sum(c for c, _ in one) - sum(hit for _, hit in one)) for one in placed.values())
    return sum(apart) / len(confidences)


def translation_scores(texts: Sequence[str], references: Sequence[str], target: str) -> TranslationScores:
    """Compare translations with a person's. Raises InvalidRows where sacrebleu is not installed."""
    try:
        from sacrebleu.metrics.bleu import BLEU
        from sacrebleu.metrics.chrf import CHRF
    except ModuleNotFoundError as error:
        raise InvalidRows(f"BLEU and chrF need sacrebleu. {install('eval')}") from error
    bleu = BLEU(tokenize=_TOKENIZERS.get(target, "13a"))
    score = bleu.corpus_score(list(texts), [list(references)]).score
    chrf = CHRF().corpus_score(list(texts), [list(references)]).score
    return TranslationScores(len(texts), float(score), float(chrf), str(bleu.get_signature()))


def _f1(label: str, right: Sequence[str], said: Sequence[str]) -> float:
    found = sum(one == other == label for one, other in zip(said, right, strict=True))
    wrong = sum(one != other and label in (one, other) for one, other in zip(said, right, strict=True))
    return 2 * found / (2 * found + wrong) if found else 0.0
