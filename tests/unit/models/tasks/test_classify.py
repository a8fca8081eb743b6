"""Own labels: by vectors, by likelihood, by both, with and without examples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from models.engines.scripted import ScriptedGenerator
from models.errors import CannotScore, UnsupportedLanguage
from models.tasks.classify import EvidenceClassifier, Weights
from models.types import Caller, ChatMessage


class WordCounts:
    """A small real encoder: counts of known words, length 1; blind to all others."""

    name = "word-counts"
    words = ("parcel", "delivery", "money", "payment", "card", "late")
    dimension = len(words)
    languages = frozenset({"en"})

    def embed(self, texts: Sequence[str], use: Literal["query", "passage"] = "passage") -> NDArray[np.float32]:
        counts = np.array([[text.lower().count(word) for word in self.words] for text in texts], dtype=np.float32)
        norms = np.linalg.norm(counts.reshape(len(texts), -1), axis=1, keepdims=True)
        return counts / np.where(norms > 0, norms, 1)


async def test_vectors_choose_the_nearest_label() -> None:
    classifier = EvidenceClassifier(encoder=WordCounts())
    judged = await classifier.classify(["My delivery!", "the payment"], ["payment", "delivery"])
    assert [one.label for one in judged] == ["delivery", "payment"]
    assert sum(judged[0].distribution.values()) == pytest.approx(1.0)


async def test_examples_teach_a_label_that_says_nothing() -> None:
    classifier = EvidenceClassifier(encoder=WordCounts())
    examples = {"a": ["Where is my parcel?", "The delivery is late"], "b": ["My card", "the money"]}
    judged = await classifier.classify(["is the parcel late", "no money on the card"], ["a", "b"], examples)
    assert [one.label for one in judged] == ["a", "b"]


async def test_likelihood_decides_where_vectors_are_blind() -> None:
    def score(messages: Sequence[ChatMessage], continuation: str) -> float:
        biased = 1.0 if continuation == "sport" else 0.0
        return math.log(0.2) + biased + (3.0 if "novel" in messages[-1].content and continuation == "books" else 0.0)

    generator = ScriptedGenerator(scorer=score, languages={"en"})
    classifier = EvidenceClassifier(generator, WordCounts(), weights=Weights(likelihood=1.0))
    (judged,) = await classifier.classify(["a novel"], ["sport", "books"])
    assert judged.label == "books"
    assert classifier.name == "word-counts + scripted"


async def test_chinese_is_rendered_for_models_that_cannot_read_it() -> None:
    gloss = {"快递": "parcel delivery", "付款": "payment", "我的包裹呢": "my parcel delivery"}
    classifier = EvidenceClassifier(encoder=WordCounts(), to_english={"zh": lambda text: gloss[text]})
    (judged,) = await classifier.classify(["我的包裹呢"], ["付款", "快递"])
    assert judged.label == "快递"


async def test_one_label_is_certain_and_no_label_is_refused() -> None:
    classifier = EvidenceClassifier(encoder=WordCounts())
    assert (await classifier.classify(["x"], ["only"]))[0].probability == pytest.approx(1.0)
    for labels in ([], ["a", "a"]):
        with pytest.raises(ValueError, match="label"):
            await classifier.classify(["x"], labels)


async def test_without_any_model_it_says_so() -> None:
    with pytest.raises(UnsupportedLanguage, match="profile standard"):
        await EvidenceClassifier().classify(["x"], ["a", "b"])


def untold(messages: Sequence[ChatMessage], continuation: str) -> float:
    raise CannotScore("This server does not tell how likely words are.")


async def test_vectors_have_to_do_where_a_server_does_not_tell_likelihoods() -> None:
    classifier = EvidenceClassifier(ScriptedGenerator(scorer=untold), WordCounts())
    judged = await classifier.classify(["My delivery!"], ["payment", "delivery"])
    assert judged[0].label == "delivery"
    with pytest.raises(CannotScore):
        await EvidenceClassifier(ScriptedGenerator(scorer=untold)).classify(["My delivery!"], ["payment", "delivery"])


async def test_examples_stand_in_the_prompt_in_turn_as_far_as_there_is_room() -> None:
    asked: list[list[ChatMessage]] = []

    def score(messages: Sequence[ChatMessage], continuation: str) -> float:
        asked.append(list(messages))
        return -1.0

    generator = ScriptedGenerator(scorer=score)
    examples = {"delivery": ["It has not come.", "Where is it?", "A third."], "billing": ["I paid twice."]}
    await EvidenceClassifier(generator).classify(["The parcel!"], ["billing", "delivery"], examples)
    told = [message.content for message in asked[-1]]
    assert [text for text in told if text in examples] == ["billing", "delivery", "delivery"]
    assert "I paid twice." in told[0] and "The parcel!" in told[-1]
    asked.clear()
    small = ScriptedGenerator(scorer=score, context_tokens=90)
    await EvidenceClassifier(small).classify(["The parcel!"], ["billing", "delivery"], examples)
    assert len(asked[-1]) < len(told)


async def test_the_same_examples_are_embedded_once() -> None:
    embedded: list[str] = []

    class Noting(WordCounts):
        def embed(self, texts: Sequence[str], use: Literal["query", "passage"] = "passage") -> NDArray[np.float32]:
            embedded.extend(texts)
            return super().embed(texts, use)

    classifier = EvidenceClassifier(encoder=Noting())
    for _ in range(3):
        await classifier.classify(["a"], ["x", "y"], {"x": ["one", "two"], "y": ["three"]})
    assert embedded.count("two") == 1


async def test_the_generator_is_told_who_asks() -> None:
    generator = ScriptedGenerator()
    await EvidenceClassifier(generator).classify(["My delivery!"], ["payment", "delivery"], caller=Caller("7", -10))
    assert set(generator.callers) == {Caller("7", -10)}
