"""Fit the coefficients of `retrieval.calibrate.TABLE` on the public sets and the examples; prints the table.

    python -m benchmarks.retrieval.fit_confidence DATA_DIR --model MINILM_FOLDER [--queries 300] [--documents 240]

Right answers: first hits that are right. Wrong ones: other first hits, first hits of foreign questions, and, at a
quarter of the weight, first hits when the right documents are left out. Each set weighs the same. One half of the
questions is fitted, and the AUROC is told of the other.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.retrieval.measure import Asked, Cached, ask, auroc
from benchmarks.retrieval.recall import parser
from benchmarks.retrieval.sets import load
from retrieval.calibrate import features
from retrieval.fusion import Sight

if TYPE_CHECKING:
    from numpy.typing import NDArray

Example = tuple[tuple[float, ...], bool, float]  # features, right, weight
_RIDGE = 0.02
_LEFT_OUT = 0.25


def examples(asked: Sequence[Asked]) -> dict[Sight, list[Example]]:
    found: dict[Sight, list[Example]] = defaultdict(list)
    inside = sum(bool(one.right) for one in asked) or 1
    outside = sum(not one.right for one in asked) or 1
    for one in asked:
        weight = 1000 / (inside if one.right else outside)
        found[one.query.sight] += [
            *((features(top), top.document_id in one.right, weight) for top in one.found[:1]),
            *((features(top), False, _LEFT_OUT * weight) for top in one.without_right[:1]),
        ]
    return found


def fit(rows: Sequence[Example]) -> NDArray[np.float64]:
    """Ridge logistic regression by Newton's method: (bias, weights…); negative evidence is not believed."""
    x = np.array([[1.0, *values] for values, _, _ in rows])
    y = np.array([float(right) for _, right, _ in rows])
    w = np.array([weight for *_, weight in rows])
    w = w / w.mean()
    active = np.ones(x.shape[1], dtype=bool)
    while True:
        beta = _newton(x[:, active], y, w)
        whole = np.zeros(x.shape[1])
        whole[active] = beta
        negative = (whole < 0) & active
        negative[0] = False
        if not negative.any():
            return whole
        active &= ~negative


def _newton(x: NDArray[np.float64], y: NDArray[np.float64], w: NDArray[np.float64]) -> NDArray[np.float64]:
    beta = np.zeros(x.shape[1])
    ridge = _RIDGE * len(x) * np.eye(x.shape[1]) * 0.01
    ridge[0, 0] = 0
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (w * (p - y)) + ridge @ beta
        hessian = (x * (w * p * (1 - p) + 1e-9)[:, None]).T @ x + ridge + 1e-9 * np.eye(x.shape[1])
        beta -= np.clip(np.linalg.solve(hessian, gradient), -3, 3)
    return beta


def main(arguments: Sequence[str]) -> None:
    options = parser().parse_args(arguments)
    embedder = Cached.open(Path(options.model), Path(options.vectors))
    halves: dict[bool, dict[Sight, list[Example]]] = {False: defaultdict(list), True: defaultdict(list)}
    for one in load(Path(options.data), options.queries, options.documents):
        if one.name.endswith("-traditional"):  # the same questions again
            continue
        asked = ask(one, embedder)
        for held_out, pooled in halves.items():
            for sight, rows in examples([item for item in asked if item.held_out is held_out]).items():
                pooled[sight] += rows
                if sight is Sight.FLUENT:  # what a language that no model reads has to go by: words alone
                    pooled[Sight.BLIND] += [((0.0, *values[1:]), right, weight) for values, right, weight in rows]
    for sight, rows in sorted(halves[False].items()):
        beta, unseen = fit(rows), halves[True][sight]
        scores = [float(beta[0] + beta[1:] @ np.array(values)) for values, _, _ in unseen]
        right = [s for s, (_, is_right, _) in zip(scores, unseen, strict=True) if is_right]
        wrong = [s for s, (_, is_right, _) in zip(scores, unseen, strict=True) if not is_right]
        numbers = ", ".join(f"{value:.2f}" for value in beta)
        print(f"    Sight.{sight.name}: Coefficients({numbers}),  # n {len(rows)}, AUROC {auroc(right, wrong):.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])
