"""How a prediction is told."""

from __future__ import annotations

from bot.domain import Outcome, Reply
from bot.ports import Prediction, Texts


def prediction_reply(
    prediction: Prediction, text_id: str, shown: str, skill: str, language: str, texts: Texts, model: str
) -> Reply:
    """A reply that says the label and its probability in percent (at most 99: it is a judgement), with all as data."""
    return Reply(
        texts(text_id, language, label=shown, percent=_percent(prediction.probability)),
        skill,
        Outcome.GENERATED,
        language,
        model=model,
        data={
            "label": prediction.label,
            "score": round(prediction.probability, 4),
            "distribution": {label: round(value, 4) for label, value in prediction.distribution.items()},
        },
    )


def _percent(probability: float) -> int:
    return min(99, round(probability * 100))
