"""How a prediction is told."""

from __future__ import annotations

import pytest

from bot.ports import Prediction
from bot.skills.labels import prediction_reply
from bot.texts.catalogue import FluentTexts


@pytest.mark.parametrize(("probability", "shown"), [(0.9991, "99"), (0.974, "97"), (0.505, "50")])
def test_a_judgement_is_never_told_as_certain(probability: float, shown: str) -> None:
    prediction = Prediction("billing", probability, {"billing": probability, "delivery": 1 - probability})
    reply = prediction_reply(prediction, "classify-result", "billing", "classify", "en", FluentTexts(), "a model")
    assert reply.text == f"billing ({shown} %)"
    assert reply.data["score"] == probability
