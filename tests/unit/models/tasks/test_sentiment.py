"""Sentiment: words of feeling, the three judges together, and trained classifiers."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.encoders.transformer_encoder import TransformerEncoder
from models.engines.scripted import ScriptedGenerator
from models.errors import CannotScore, InvalidWeights
from models.tasks.classifiers import ClassifierSentiment, sentiment_classes
from models.tasks.feelings import prototypes, valence
from models.tasks.sentiment import LABELS, EvidenceSentiment, Weights
from models.types import Caller, ChatMessage
from tests.support.tiny_models import build_tiny_bert

DATA = Path(__file__).parents[3] / "data"


def likes(word: str, label: str) -> ScriptedGenerator:
    """A generator that finds `label` likelier in texts with `word`, and is biased to `negative` always."""

    def score(messages: Sequence[ChatMessage], continuation: str) -> float:
        said = word in messages[-1].content
        return (
            math.log(0.3) + (1.5 if continuation == "negative" else 0) + (2.0 if said and continuation == label else 0)
        )

    return ScriptedGenerator(scorer=score, languages={"en"})


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("This is a great phone, I love it!", 1),
        ("not good at all", -1),
        ("I don’t hate it", 1),
        ("The train leaves at nine.", 0),
        ("很满意，推荐！", 1),
        ("质量太差了，非常失望", -1),
        ("颜色和图片差不多", 0),
        ("一点也不喜欢", -1),
        ("👍", 1),
        ("", 0),
    ],
)
def test_words_of_feeling(text: str, sign: int) -> None:
    felt = valence(text)
    assert (felt > 0) - (felt < 0) == sign


def test_emphasis_raises_a_feeling() -> None:
    assert valence("very good") > valence("good") > valence("not good")
    assert valence("非常好看") > valence("好看")


def test_the_prototypes_are_even() -> None:
    assert {len(sentences) for sentences in prototypes().values()} == {30}
    assert set(prototypes()) == set(LABELS)


async def test_the_words_alone_can_judge() -> None:
    judged = await EvidenceSentiment().judge(["I love it, it is wonderful", "太差了，退货", "It is on page two.", " "])
    assert [one.label for one in judged] == ["positive", "negative", "neutral", "neutral"]


async def test_a_generators_bias_is_taken_out() -> None:
    model = EvidenceSentiment(likes("zzz", "positive"), weights=Weights(likelihood=1.0, neutral=0.0))
    there, without = await model.judge(["zzz", "qqq"])
    assert there.label == "positive"
    assert without.distribution == pytest.approx(dict.fromkeys(LABELS, 1 / 3))


async def test_a_model_that_cannot_read_the_text_is_asked_with_its_english_rendering_or_not_at_all() -> None:
    blind = EvidenceSentiment(likes("fond", "positive"), weights=Weights(likelihood=1.0, neutral=0.0))
    helped = EvidenceSentiment(
        likes("fond", "positive"), to_english={"zh": lambda text: "fond"}, weights=Weights(likelihood=1.0, neutral=0.0)
    )
    assert (await blind.judge(["桌子"], "zh"))[0].distribution == pytest.approx(dict.fromkeys(LABELS, 1 / 3))
    assert (await helped.judge(["桌子"], "zh"))[0].label == "positive"


async def test_nearness_to_the_prototypes_counts(tmp_path: Path) -> None:
    encoder = TransformerEncoder(build_tiny_bert(tmp_path / "bert"), languages={"en"})
    model = EvidenceSentiment(encoder=encoder, weights=Weights(nearness=5.0, words=0.0, neutral=0.0))
    labels = [label for label in LABELS for _ in prototypes()[label]]
    texts = [text for label in LABELS for text in prototypes()[label]]
    judged = [one.label for one in await model.judge(texts, "en")]
    # A random encoder has fitted its own prototypes better than chance; an untouched one would give a third.
    assert sum(a == b for a, b in zip(judged, labels, strict=True)) / len(labels) > 0.45


@given(st.text(max_size=50))
async def test_probabilities_sum_to_one(text: str) -> None:
    (judged,) = await EvidenceSentiment().judge([text])
    assert sum(judged.distribution.values()) == pytest.approx(1.0)
    assert judged.probability == max(judged.distribution.values())
    assert set(judged.distribution) == set(LABELS)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_reviews_are_judged_far_better_than_by_chance(language: str) -> None:
    rows = [json.loads(line) for line in (DATA / f"reviews-{language}.jsonl").read_text("utf-8").splitlines()]
    judged = await EvidenceSentiment().judge([row["text"] for row in rows], language)
    right = sum(one.label == row["label"] for one, row in zip(judged, rows, strict=True))
    assert right / len(rows) > 0.45  # words alone, on reviews written to be hard; a guess gives a third


async def test_a_trained_classifier_gives_the_three_labels(tmp_path: Path) -> None:
    folder = build_tiny_bert(tmp_path / "stars", classes=("1 star", "2 stars", "3 stars", "4 stars", "5 stars"))
    model = ClassifierSentiment(folder, device="cpu")
    judged = await model.judge(["the quick brown fox", "", "bad \ud800"])
    assert len(judged) == 3
    for one in judged:
        assert set(one.distribution) == set(LABELS)
        assert sum(one.distribution.values()) == pytest.approx(1.0, abs=1e-4)
    await model.close()


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["POSITIVE", "NEGATIVE"], ["positive", "negative"]),
        (
            ["Very Negative", "Negative", "Neutral", "Positive", "Very Positive"],
            ["negative"] * 2 + ["neutral"] + ["positive"] * 2,
        ),
        (["LABEL_0", "LABEL_1", "LABEL_2"], ["negative", "neutral", "positive"]),
        (["1 star", "3 stars", "5 stars"], ["negative", "neutral", "positive"]),
    ],
)
def test_class_names_are_understood(names: list[str], classes: list[str]) -> None:
    assert sentiment_classes(names, "m") == classes


def test_labels_that_are_no_sentiment_are_refused() -> None:
    with pytest.raises(InvalidWeights, match="sport, politics"):
        sentiment_classes(["sport", "politics"], "m")


async def test_where_a_server_does_not_tell_likelihoods_the_words_decide() -> None:
    def untold(messages: Sequence[ChatMessage], continuation: str) -> float:
        raise CannotScore("This server does not tell how likely words are.")

    judged = await EvidenceSentiment(ScriptedGenerator(scorer=untold)).judge(["I love it!", "很失望"])
    assert [one.label for one in judged] == ["positive", "negative"]


async def test_the_generator_is_told_who_asks() -> None:
    generator = ScriptedGenerator()
    await EvidenceSentiment(generator).judge(["I love it!", "bad"], caller=Caller("7", -10))
    assert set(generator.callers) == {Caller("7", -10)}
