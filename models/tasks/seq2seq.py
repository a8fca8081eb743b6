"""Dedicated translation models through transformers: Marian, NLLB, M2M100 and MADLAD (T5), from their folders."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from models.devices import Device
from models.engines.loading import pick_device
from models.errors import EngineFailed, InvalidWeights
from models.folders import check_folder
from models.locks import LOADING
from models.pretrained import load_model, load_tokenizer
from models.tasks.languages import NLLB, to_two_letters, unsupported
from models.tasks.translation.spans import Kind
from models.types import Caller

_BATCH = 16
_LONGEST = 400  # tokens of a unit: beyond what these models were trained on, they leave sentences out
_POSITIONS = 512  # where a model does not say how many it has
_KINDS = {"marian", "m2m_100", "t5"}


class Seq2SeqTranslator:
    """A `UnitTranslator` over an encoder-decoder model: a sentence at a time, many in a batch.

    `pairs` (such as `zh-en`) tell what a Marian folder can do where it does not say so itself. Loads at first use.
    """

    by_sentence = True
    copies: frozenset[Kind] = frozenset()

    def __init__(
        self,
        folder: Path,
        *,
        name: str | None = None,
        pairs: Sequence[str] = (),
        device: Device = "auto",
        threads: int | None = None,
    ) -> None:
        check_folder(folder)
        self._folder = folder
        self._name = name or folder.name
        config = _json(folder / "config.json")
        self._kind = str(config.get("model_type"))
        self._positions = min(_POSITIONS, int(config.get("max_position_embeddings") or _POSITIONS))
        if self._kind not in _KINDS:
            raise InvalidWeights(f"The model '{self._name}' is no translation model that Parley knows ({self._kind}).")
        self._pairs = {(pair.split("-")[0], pair.split("-")[1]) for pair in pairs} or self._own_pairs()
        self._device, self._threads = device, threads
        self._lock = threading.Lock()
        self._tokenizer: Any = None
        self._model: Any = None
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="parley-translate")

    @property
    def name(self) -> str:
        return self._name

    def supports(self, source: str, target: str) -> bool:
        if source == target:
            return False
        if self._kind == "marian":
            return (source, target) in self._pairs
        self._load_tokenizer()
        return self._code(target) is not None and (self._kind == "t5" or self._code(source) is not None)

    def fits(self, text: str) -> bool:
        longest = min(_LONGEST, self._positions * 3 // 4)
        if 4 * len(text) <= longest:  # a character is four tokens at most, its bytes
            return True
        self._load_tokenizer()
        return len(self._tokenizer(_sound(text), add_special_tokens=False, verbose=False)["input_ids"]) <= longest

    async def translate_units(
        self, units: Sequence[str], source: str, target: str, terms: Mapping[str, str], caller: Caller
    ) -> list[str]:
        """Translate each sentence. Raises UnsupportedLanguage, InvalidWeights or EngineFailed."""
        if not self.supports(source, target):
            raise unsupported(source, target)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, self._translate, list(units), source, target)

    async def close(self) -> None:
        """Free the model, after what is being translated."""
        await asyncio.to_thread(self._worker.shutdown)
        self._model = None

    def _translate(self, units: Sequence[str], source: str, target: str) -> list[str]:
        # Neighbours in length share a batch, so that little is padded.
        order = sorted(range(len(units)), key=lambda index: len(units[index]))
        found = [""] * len(units)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            written = self._batch([_sound(units[index]) for index in batch], source, target)
            for index, text in zip(batch, written, strict=True):
                found[index] = text
        return found

    def _batch(self, sentences: Sequence[str], source: str, target: str) -> list[str]:
        import torch

        self._load()
        prefix, options = self._direction(source, target)
        inputs = self._tokenizer(
            [prefix + one for one in sentences],
            return_tensors="pt",
            padding=True,
            truncation=True,
            max_length=self._positions,
        ).to(self._model.device)
        limit = min(2 * int(inputs["input_ids"].shape[1]) + 16, self._positions)
        try:
            with torch.inference_mode():
                output = self._model.generate(**inputs, max_new_tokens=limit, max_length=None, **options)
        except torch.OutOfMemoryError as error:
            raise EngineFailed(f"The model '{self._name}' ran out of memory. Use a smaller model.") from error
        texts = [str(text) for text in self._tokenizer.batch_decode(output, skip_special_tokens=True)]
        # The token that names the language is no special one in every folder.
        return [text.removeprefix(self._code(target) or "").lstrip() for text in texts]

    def _direction(self, source: str, target: str) -> tuple[str, dict[str, int]]:
        """Give what tells the model the languages: a prefix to each sentence, or the first token to write."""
        code = self._code(target)
        if self._kind == "marian":
            return (f"{code} " if code else ""), {}
        if self._kind == "t5":
            return f"{code} ", {}
        self._tokenizer.src_lang = NLLB.get(source, source) if self._is_nllb() else source
        return "", {"forced_bos_token_id": int(self._tokenizer.convert_tokens_to_ids(code))}

    def _code(self, language: str) -> str | None:
        """Give the token that names a language in this model, or None where it has none."""
        if self._kind == "marian":
            codes = [str(code) for code in getattr(self._tokenizer, "supported_language_codes", [])]
            matching = [code for code in codes if to_two_letters(code.strip("<>")) == language]
            simplified = [code for code in matching if "Hans" in code]
            return next(iter(simplified or matching), None)
        token = f"<2{language}>" if self._kind == "t5" else f"__{language}__"
        if self._is_nllb():
            token = NLLB.get(language, "")
        found = self._tokenizer.convert_tokens_to_ids(token) if token else None
        return None if found in (None, self._tokenizer.unk_token_id) else token

    def _is_nllb(self) -> bool:
        return "nllb" in type(self._tokenizer).__name__.lower()

    def _own_pairs(self) -> set[tuple[str, str]]:
        settings = _json(self._folder / "tokenizer_config.json")
        source, target = settings.get("source_lang"), settings.get("target_lang")
        if isinstance(source, str) and isinstance(target, str):
            return {(to_two_letters(source), to_two_letters(target))}
        return set()

    def _load_tokenizer(self) -> None:
        with self._lock, LOADING:
            if self._tokenizer is None:
                self._tokenizer = load_tokenizer(self._folder, name=self._name)

    def _load(self) -> None:
        self._load_tokenizer()
        if self._model is None:
            with LOADING:
                self._load_model()

    def _load_model(self) -> None:
        import torch
        from transformers import AutoModelForSeq2SeqLM

        place = pick_device(self._device)
        if self._threads:
            torch.set_num_threads(self._threads)
        model = load_model(
            AutoModelForSeq2SeqLM,
            self._folder,
            name=self._name,
            dtype=torch.bfloat16 if place.type == "cuda" else torch.float32,
        )
        self._model = model.eval().to(place)


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _sound(text: str) -> str:
    """Replace lone surrogates, which no tokenizer takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
