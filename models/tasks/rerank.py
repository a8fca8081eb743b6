"""Reranking: a cross-encoder reads a question and a passage together and says how well the one answers the other."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from models.devices import Device
from models.engines.loading import pick_device
from models.errors import EngineFailed, InvalidWeights
from models.folders import check_folder
from models.locks import LOADING
from models.pretrained import load_model, load_tokenizer

_BATCH = 16
_MAX_TOKENS = 512  # what the usual cross-encoders were trained on; of a longer passage its beginning is read


class CrossEncoderReranker:
    """A `Reranker` over AutoModelForSequenceClassification with one class. Loads at first use; safe in threads.

    CrossEncoderReranker(folder).score("How do I return it?", ["Returns are free.", "We open at nine."])  # [.97, .01]
    """

    def __init__(
        self, folder: Path, *, name: str | None = None, device: Device = "auto", max_tokens: int = _MAX_TOKENS
    ) -> None:
        check_folder(folder)
        self._folder = folder
        self._name = name or folder.name
        self._device = device
        self._max_tokens = max_tokens
        # One thread does the work, whoever asks: each that does gets a pool of OpenMP's threads of its own, and pools
        # slow each other down (models/encoders/workers.py).
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="parley-rerank")
        self._parts: tuple[Any, Any] | None = None

    @property
    def name(self) -> str:
        return self._name

    def score(self, query: str, passages: Sequence[str]) -> list[float]:
        """Give for each passage how likely it answers, 0 to 1, in their order. Raises InvalidWeights, EngineFailed."""
        return self._worker.submit(self._score, query, list(passages)).result() if passages else []

    def close(self) -> None:
        """Free the model; it is loaded anew when it is asked again."""
        self._worker.submit(self._free).result()

    def _free(self) -> None:
        self._parts = None

    def _score(self, query: str, passages: Sequence[str]) -> list[float]:
        import torch

        tokenizer, model = self._load()
        found = [0.0] * len(passages)
        try:
            # Neighbours in length share a batch, so that little is padded.
            order = sorted(range(len(passages)), key=lambda index: len(passages[index]))
            for start in range(0, len(order), _BATCH):
                batch = order[start : start + _BATCH]
                scores = self._batch(tokenizer, model, query, [passages[index] for index in batch])
                for index, score in zip(batch, scores, strict=True):
                    found[index] = score
        except torch.OutOfMemoryError as error:
            raise EngineFailed(f"The model '{self._name}' ran out of memory. Use a smaller reranker.") from error
        return found

    def _batch(self, tokenizer: Any, model: Any, query: str, passages: Sequence[str]) -> list[float]:
        import torch

        question = _sound(query)
        # Half of the room at least is the passage's: a question that long is read by its beginning.
        room = max(8, self._max_tokens // 2)
        ids = tokenizer(question, add_special_tokens=False, truncation=True, max_length=room)["input_ids"]
        question = tokenizer.decode(ids, skip_special_tokens=True) if len(ids) == room else question
        inputs = tokenizer(
            [question] * len(passages),
            [_sound(passage) for passage in passages],
            return_tensors="pt",
            padding=True,
            truncation="only_second",
            max_length=self._max_tokens,
        )
        with torch.inference_mode():
            logits = model(**inputs.to(model.device)).logits.float()
        likely = torch.sigmoid(logits[:, 0]) if logits.shape[1] == 1 else torch.softmax(logits, -1)[:, -1]
        return [float(value) for value in likely]

    def _load(self) -> tuple[Any, Any]:
        if self._parts is None:
            with LOADING:
                self._parts = self._loaded()
        return self._parts

    def _loaded(self) -> tuple[Any, Any]:
        import torch
        from transformers import AutoModelForSequenceClassification

        place = pick_device(self._device)
        tokenizer = load_tokenizer(self._folder, name=self._name)
        model = load_model(
            AutoModelForSequenceClassification,
            self._folder,
            name=self._name,
            dtype=torch.bfloat16 if place.type == "cuda" else torch.float32,
        )
        check_reranks(model.config, self._name)
        self._max_tokens = min(self._max_tokens, _context(tokenizer, model))
        return tokenizer, model.eval().to(place)


def check_reranks(config: Any, name: str) -> None:
    """Raises InvalidWeights where a classifier's config is none of a reranker."""
    if config.num_labels > 2:
        raise InvalidWeights(f"The model '{name}' is no reranker: it knows {config.num_labels} classes instead of one.")


def _context(tokenizer: Any, model: Any) -> int:
    """How many tokens the model can look at, by its own word; positions of the RoBERTa family begin at 2."""
    longest = int(getattr(model.config, "max_position_embeddings", _MAX_TOKENS) or _MAX_TOKENS)
    return min(longest - 2, int(tokenizer.model_max_length))


def _sound(text: str) -> str:
    """Replace lone surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
