"""Sentiment by a model that was trained for it (a sequence classifier in a folder)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from models.devices import Device
from models.engines.loading import pick_device
from models.errors import InvalidWeights
from models.folders import check_folder
from models.locks import LOADING
from models.pretrained import load_model, load_tokenizer
from models.tasks.sentiment import LABELS
from models.types import NOBODY, Caller, Prediction

_BATCH = 16
_MAX_TOKENS = 512
_STARS = {"1": "negative", "2": "negative", "3": "neutral", "4": "positive", "5": "positive"}


class ClassifierSentiment:
    """A `SentimentClassifier` over AutoModelForSequenceClassification; maps the model's own labels to the three.

    Understands names (`POSITIVE`, `neg`, `Very Negative`), star ratings, and `LABEL_0` to `LABEL_2` as negative,
    neutral, positive. Loads at first use.
    """

    def __init__(self, folder: Path, *, name: str | None = None, device: Device = "auto") -> None:
        check_folder(folder)
        self._folder = folder
        self._name = name or folder.name
        self._device = device
        self._lock = threading.Lock()
        self._parts: tuple[Any, Any, list[str]] | None = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="parley-sentiment")

    @property
    def name(self) -> str:
        return self._name

    async def judge(
        self, texts: Sequence[str], language: str | None = None, caller: Caller = NOBODY
    ) -> list[Prediction]:
        """Judge each text. Raises InvalidWeights when the folder's labels are no sentiment."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._judge, list(texts))

    async def close(self) -> None:
        """Free the model, after what is being judged."""
        await asyncio.to_thread(self._worker.shutdown)
        self._parts = None

    def _judge(self, texts: Sequence[str]) -> list[Prediction]:
        import torch

        tokenizer, model, classes = self._load()
        found: list[Prediction] = []
        for start in range(0, len(texts), _BATCH):
            batch = [text.encode("utf-8", "replace").decode() for text in texts[start : start + _BATCH]]
            inputs = tokenizer(batch, return_tensors="pt", padding=True, truncation=True, max_length=_MAX_TOKENS)
            with torch.inference_mode():
                shares = model(**inputs.to(model.device)).logits.float().softmax(-1).tolist()
            found.extend(_prediction(classes, row) for row in shares)
        return found

    def _load(self) -> tuple[Any, Any, list[str]]:
        with self._lock, LOADING:
            if self._parts is None:
                from transformers import AutoModelForSequenceClassification

                tokenizer = load_tokenizer(self._folder, name=self._name)
                model = load_model(AutoModelForSequenceClassification, self._folder, name=self._name)
                classes = sentiment_classes(class_names(model.config), self._name)
                self._parts = (tokenizer, model.eval().to(pick_device(self._device)), classes)
            return self._parts


def class_names(config: Any) -> list[str]:
    """Give the names of a classifier's classes, in their order."""
    return [str(config.id2label[index]) for index in range(config.num_labels)]


def sentiment_classes(names: Sequence[str], model: str) -> list[str]:
    """Map a model's class names to positive, neutral and negative. Raises InvalidWeights where one cannot be."""
    if [name.upper() for name in names] == ["LABEL_0", "LABEL_1", "LABEL_2"]:
        return ["negative", "neutral", "positive"]
    found = [_class_of(name.strip().lower()) for name in names]
    if None in found or len(set(found)) < 2:
        raise InvalidWeights(f"The model '{model}' does not judge sentiment: its labels are {', '.join(names)}.")
    return [label for label in found if label is not None]


def _class_of(name: str) -> str | None:
    if "pos" in name:
        return "positive"
    if "neg" in name:
        return "negative"
    if "neu" in name or "mixed" in name:
        return "neutral"
    return _STARS.get(name[:1]) if "star" in name else None


def _prediction(classes: Sequence[str], shares: Sequence[float]) -> Prediction:
    """Add up the probabilities of classes that mean the same."""
    sums = dict.fromkeys(LABELS, 0.0)
    for label, share in zip(classes, shares, strict=True):
        sums[label] += share
    best = max(sums, key=lambda label: sums[label])
    return Prediction(best, sums[best], sums)
