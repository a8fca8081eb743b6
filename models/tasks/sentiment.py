"""Sentiment: positive, neutral or negative, with a probability.

`EvidenceSentiment` needs no trained classifier. It adds up, as log-odds, what three weak judges say: the generator's
likelihood of each label (calibrated by what it says of a text without content: Zhao et al. 2021), the nearness to
sentences that show each feeling, and the words of feeling. `ClassifierSentiment` asks a model that was trained for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.errors import CannotScore
from models.ports import Encoder, Generator
from models.tasks.feelings import prototypes, reads_as_chinese, valence
from models.tasks.likelihood import calibrated, softmax
from models.types import NOBODY, Caller, ChatMessage, Prediction

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LOG = logging.getLogger(__name__)

LABELS = ("positive", "neutral", "negative")
ToEnglish = Callable[[str], str]

_ASK = "Is the sentiment of this text positive, neutral or negative? Answer with one word.\n\nText: {}"
_CONTENT_FREE = ("N/A", "[MASK]", "...")
_MAX_CHARACTERS = 2000  # what a text's feeling is, its beginning and its end tell


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each judge counts, per unit of its log-odds; chosen on 160 comments of GoEmotions' public dev part.

    There SmolLM2-135M's likelihood alone was right in .44 (.48 with six examples in the prompt): so small a generator
    says little, and a large one deserves more weight. On 700 comments words alone were right in .65, and nearness adds
    no accuracy there but better probabilities (log loss .87 to .82); on product reviews it adds .05 to .10.
    """

    likelihood: float = 0.1
    nearness: float = 3.0
    words: float = 0.9
    neutral: float = 0.4
    words_alone: float = 1.8  # for all of it, where neither model reads the language (docs/reference/eval.md)


class EvidenceSentiment:
    """A `SentimentClassifier` from a generator, an encoder and a lexicon; each of the first two may be missing.

    `to_english` gives, per language, a rough English rendering for models that cannot read that language.
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
        self._prior: list[float] | None = None
        self._head: NDArray[np.float32] | None = None

    @property
    def name(self) -> str:
        parts = [one.name for one in (self._generator, self._encoder) if one is not None]
        return " + ".join([*parts, "words of feeling"])

    async def judge(
        self, texts: Sequence[str], language: str | None = None, caller: Caller = NOBODY
    ) -> list[Prediction]:
        """Judge each text; an empty one is neutral. Raises EngineFailed or InvalidWeights."""
        near = await asyncio.to_thread(self._nearness, texts, language)
        predictions = []
        for index, text in enumerate(texts):
            if not text.strip():
                predictions.append(Prediction("neutral", 1.0, {"positive": 0.0, "neutral": 1.0, "negative": 0.0}))
                continue
            evidence = self._words(text)
            likely = await self._likelihood_if_told(text, language, caller)
            if not any(near[index]) and not any(likely):
                evidence = [self._weights.words_alone * value for value in evidence]
            for position in range(len(LABELS)):
                evidence[position] += self._weights.nearness * near[index][position]
                evidence[position] += self._weights.likelihood * likely[position]
            predictions.append(predict(LABELS, evidence))
        return predictions

    def _words(self, text: str) -> list[float]:
        felt = max(-4.0, min(4.0, valence(text)))
        return [self._weights.words * felt, self._weights.neutral, -self._weights.words * felt]

    def _nearness(self, texts: Sequence[str], language: str | None) -> list[list[float]]:
        """Give how near each text is to each feeling's prototypes: a ridge regression on their vectors."""
        if self._encoder is None:
            return [[0.0] * len(LABELS) for _ in texts]
        if self._head is None:
            self._head = fit_ridge(self._encoder, [prototypes()[label] for label in LABELS])
        readable = [self._readable(text, language, self._encoder.languages) for text in texts]
        vectors = self._encoder.embed([text[:_MAX_CHARACTERS] for text in readable])
        scores = vectors @ self._head
        centred = scores - scores.mean(axis=1, keepdims=True)
        # What the encoder cannot read says nothing: an empty text's vector would lean to one side.
        return [
            [float(value) for value in row] if text else [0.0] * len(LABELS)
            for text, row in zip(readable, centred, strict=True)
        ]

    async def _likelihood_if_told(self, text: str, language: str | None, caller: Caller) -> list[float]:
        """The likelihood, or nothing for or against where a server does not tell it: then the rest has to do."""
        try:
            return await self._likelihood(text, language, caller)
        except CannotScore as error:
            _LOG.info("sentiment without likelihood: %s", error)
            return [0.0] * len(LABELS)

    async def _likelihood(self, text: str, language: str | None, caller: Caller) -> list[float]:
        if self._generator is None:
            return [0.0] * len(LABELS)
        readable = self._readable(text, language, self._generator.languages)
        if not readable:
            return [0.0] * len(LABELS)
        if self._prior is None:
            asked = [await self._generator.score(_question(free), LABELS, caller) for free in _CONTENT_FREE]
            self._prior = [sum(column) / len(asked) for column in zip(*asked, strict=True)]
        scores = await self._generator.score(_question(_shortened(readable)), LABELS, caller)
        return calibrated(scores, self._prior)

    def _readable(self, text: str, language: str | None, spoken: frozenset[str]) -> str:
        """Give the text, or its English rendering where the model cannot read it, or nothing."""
        written = language or ("zh" if reads_as_chinese(text) else "en")
        if "*" in spoken or written in spoken:
            return text
        render = self._to_english.get(written)
        return render(text) if render is not None else ""


def fit_ridge(encoder: Encoder, examples: Sequence[Sequence[str]], strength: float = 3.0) -> NDArray[np.float32]:
    """Fit a ridge regression from vectors to classes; gives weights of shape (dimension, classes)."""
    import numpy as np

    vectors = encoder.embed([text for texts in examples for text in texts]).astype(np.float64)
    classes = np.repeat(np.arange(len(examples)), [len(texts) for texts in examples])
    targets = np.eye(len(examples))[classes]
    # The dual form solves for as many unknowns as there are examples, fewer than dimensions.
    weights = vectors.T @ np.linalg.solve(vectors @ vectors.T + strength * np.eye(len(vectors)), targets)
    result: NDArray[np.float32] = weights.astype(np.float32)
    return result


def predict(labels: Sequence[str], evidence: Sequence[float]) -> Prediction:
    """Turn evidence (log-odds up to a constant) into a prediction; the probabilities sum to 1."""
    shares = softmax(evidence)
    best = max(range(len(labels)), key=lambda i: shares[i])
    return Prediction(labels[best], shares[best], dict(zip(labels, shares, strict=True)))


def _question(text: str) -> list[ChatMessage]:
    return [ChatMessage("user", _ASK.format(text))]


def _shortened(text: str) -> str:
    if len(text) <= _MAX_CHARACTERS:
        return text
    half = _MAX_CHARACTERS // 2
    return f"{text[:half]} … {text[-half:]}"
