"""Small sums over log-probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence


def calibrated(scores: Sequence[float], prior: Sequence[float]) -> list[float]:
    """Subtract what a model says of a text without content (contextual calibration, Zhao et al. 2021), mean 0."""
    differences = [score - before for score, before in zip(scores, prior, strict=True)]
    middle = sum(differences) / max(len(differences), 1)
    return [difference - middle for difference in differences]


def softmax(values: Sequence[float]) -> list[float]:
    """Turn log-odds into probabilities that sum to 1."""
    highest = max(values)
    powers = [math.exp(value - highest) for value in values]
    total = sum(powers)
    return [power / total for power in powers]
