"""Choosing among the caller's own labels: nearness of vectors and likelihood of the label, added up as log-odds.

classifier = EvidenceClassifier(generator, encoder)
await classifier.classify(["Where is my parcel?"], ["delivery", "payment"])
await classifier.classify(["Where is my parcel?"], ["a", "b"], examples={"a": ["It has not arrived."], "b": [...]})
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.errors import CannotScore, UnsupportedLanguage
from models.ports import Encoder, Generator
from models.tasks.feelings import reads_as_chinese
from models.tasks.likelihood import calibrated
from models.tasks.sentiment import ToEnglish, predict
from models.types import NOBODY, Caller, ChatMessage, Prediction

_LOG = logging.getLogger(__name__)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ASK = "Which of these labels fits the text best: {labels}?\n\nText: {text}\n\nAnswer with the label alone."
_CONTENT_FREE = ("N/A", "...")
_MAX_CHARACTERS = 2000
_SHOTS, _MOST_SHOTS, _MAX_SHOT = 2, 16, 300  # examples of a label, and of all, in the prompt; characters of one


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each judge counts: log-odds per unit of cosine, and per unit of calibrated log-likelihood.

    On 50 questions of Banking77, each among 6 of its intents' names: MiniLM's nearness alone .86, SmolLM2-135M's
    likelihood alone .44, together .86 with slightly better probabilities.
    """

    nearness: float = 14.0
    likelihood: float = 0.5


class EvidenceClassifier:
    """A `Classifier` from an encoder and a generator; either may be missing.

    With examples, a text is compared with each label's examples (their middle and the nearest one) as well as with the
    label itself. `to_english` gives, per language, a rough English rendering for models that cannot read it.
    """

    def __init__(
        self,
        generator: Generator | None = None,
        encoder: Encoder | None = None,
        to_english: Mapping[str, ToEnglish] | None = None,
        weights: Weights | None = None,
    ) -> None:
        self._generator = generator
        self._encoder = encoder
        self._to_english = dict(to_english or {})
        self._weights = weights or Weights()
        self._shown: tuple[tuple[str, ...], NDArray[np.float32]] | None = None  # the last examples, and their vectors

    @property
    def name(self) -> str:
        return " + ".join(one.name for one in (self._encoder, self._generator) if one is not None) or "none"

    async def classify(
        self,
        texts: Sequence[str],
        labels: Sequence[str],
        examples: Mapping[str, Sequence[str]] | None = None,
        caller: Caller = NOBODY,
    ) -> list[Prediction]:
        """Choose one label for each text. Raises ValueError without labels, EngineFailed, UnsupportedLanguage."""
        if not labels or len(set(labels)) != len(labels):
            raise ValueError("Give at least one label, each once.")
        near = await asyncio.to_thread(self._nearness, texts, labels, examples or {})
        likely = await self._likelihoods_if_told(texts, labels, examples or {}, caller)
        if near is None and likely is None:
            raise UnsupportedLanguage("No model here can read these texts. Choose the profile standard, or gpu.")
        predictions = []
        for index in range(len(texts)):
            evidence = [0.0] * len(labels)
            for position in range(len(labels)):
                if near is not None:
                    evidence[position] += self._weights.nearness * near[index][position]
                if likely is not None:
                    evidence[position] += self._weights.likelihood * likely[index][position]
            predictions.append(predict(labels, evidence))
        return predictions

    def _nearness(
        self, texts: Sequence[str], labels: Sequence[str], examples: Mapping[str, Sequence[str]]
    ) -> list[list[float]] | None:
        """Give cosines of texts and labels, shape (texts, labels); None without an encoder."""
        import numpy as np

        if self._encoder is None:
            return None
        spoken = self._encoder.languages
        shown = self._encoder.embed([self._readable(text, spoken)[:_MAX_CHARACTERS] for text in texts], "query")
        named = self._encoder.embed([self._readable(label, spoken) for label in labels])
        cosines = shown @ named.T
        known, start = self._example_vectors(labels, examples)
        for position, label in enumerate(labels):
            told = examples.get(label, ())
            if told:
                vectors = known[start[label] : start[label] + len(told)]
                middle = vectors.mean(axis=0)
                middle /= max(float(np.linalg.norm(middle)), 1e-9)
                both = 0.5 * (shown @ middle) + 0.5 * (shown @ vectors.T).max(axis=1)
                cosines[:, position] = 0.8 * both + 0.2 * cosines[:, position]
        return [[float(value) for value in row] for row in cosines]

    def _example_vectors(
        self, labels: Sequence[str], examples: Mapping[str, Sequence[str]]
    ) -> tuple[NDArray[np.float32], dict[str, int]]:
        """Vectors of all examples, and where each label's begin; those of the same examples are not made again."""
        import numpy as np

        assert self._encoder is not None
        start: dict[str, int] = {}
        told: list[str] = []
        for label in labels:
            start[label] = len(told)
            told += examples.get(label, ())
        if self._shown is None or self._shown[0] != tuple(told):
            readable = [self._readable(text, self._encoder.languages)[:_MAX_CHARACTERS] for text in told]
            empty = np.empty((0, self._encoder.dimension), np.float32)
            self._shown = (tuple(told), self._encoder.embed(readable, "query") if told else empty)
        return self._shown[1], start

    async def _likelihoods_if_told(
        self, texts: Sequence[str], labels: Sequence[str], examples: Mapping[str, Sequence[str]], caller: Caller
    ) -> list[list[float]] | None:
        """The likelihoods; None where a server does not tell them, and nearness has to do."""
        try:
            return await self._likelihoods(texts, labels, examples, caller)
        except CannotScore as error:
            if self._encoder is None:
                raise
            _LOG.info("classifying without likelihood: %s", error)
            return None

    async def _likelihoods(
        self, texts: Sequence[str], labels: Sequence[str], examples: Mapping[str, Sequence[str]], caller: Caller
    ) -> list[list[float]] | None:
        if self._generator is None or len(labels) == 1:
            return None
        spoken = self._generator.languages
        readable = [self._readable(text, spoken)[:_MAX_CHARACTERS] for text in texts]
        names = [self._readable(label, spoken) or label for label in labels]
        if not any(text.strip() for text in readable):
            return None
        shots = self._shots(labels, names, examples)
        generator = self._generator

        async def scores(text: str) -> list[float]:
            return await generator.score([*shots, *_question(text, names)], names, caller)

        free = [await scores(text) for text in _CONTENT_FREE]
        prior = [sum(column) / len(free) for column in zip(*free, strict=True)]
        return [calibrated(await scores(text), prior) if text.strip() else [0.0] * len(names) for text in readable]

    def _shots(
        self, labels: Sequence[str], names: Sequence[str], examples: Mapping[str, Sequence[str]]
    ) -> list[ChatMessage]:
        """Examples as an earlier talk, one of each label in turn, as many as the context holds beside the text."""
        assert self._generator is not None
        room = self._generator.context_tokens // 2 - self._generator.count_tokens(", ".join(names))
        shots: list[ChatMessage] = []
        for round_ in range(_SHOTS):
            for label, name in zip(labels, names, strict=True):
                told = examples.get(label, ())
                text = self._readable(told[round_], self._generator.languages) if round_ < len(told) else ""
                shot = [*_question(text[:_MAX_SHOT], names), ChatMessage("assistant", name)]
                room -= sum(self._generator.count_tokens(message.content) for message in shot)
                if not text.strip() or room < 0 or len(shots) >= 2 * _MOST_SHOTS:
                    continue
                shots += shot
        return shots

    def _readable(self, text: str, spoken: frozenset[str]) -> str:
        """Give the text, or its English rendering where the model cannot read Chinese, or nothing."""
        if "*" in spoken or not reads_as_chinese(text) or "zh" in spoken:
            return text
        render = self._to_english.get("zh")
        return render(text) if render is not None else ""


def _question(text: str, labels: Sequence[str]) -> list[ChatMessage]:
    return [ChatMessage("user", _ASK.format(labels=", ".join(labels), text=text))]
