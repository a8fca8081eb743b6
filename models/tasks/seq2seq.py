"""Dedicated translation models through transformers: Marian, NLLB, M2M100 and MADLAD (T5), from their folders."""

from __future__ import annotations

import asyncio
import json
import threading
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from models.engines.loading import Device, pick_device
from models.errors import EngineFailed, InvalidWeights
from models.folders import check_folder
from models.locks import LOADING
from models.tasks.languages import NLLB, to_two_letters
from models.tasks.translate import Split, join_sentences, split_sentences, unsupported
from models.types import Translation

_BATCH = 16
_KINDS = {"marian", "m2m_100", "t5"}


class Seq2SeqTranslator:
    """A `Translator` over an encoder-decoder model. Works sentence by sentence and keeps paragraphs and blank lines.

    `pairs` (such as `zh-en`) tell what a Marian folder can do where it does not say so itself. Loads at first use.
    """

    def __init__(
        self,
        folder: Path,
        *,
        name: str | None = None,
        pairs: Sequence[str] = (),
        device: Device = "auto",
        threads: int | None = None,
        split: Split = split_sentences,
    ) -> None:
        check_folder(folder)
        self._folder = folder
        self._name = name or folder.name
        self._kind = str(_json(folder / "config.json").get("model_type"))
        if self._kind not in _KINDS:
            raise InvalidWeights(f"The model '{self._name}' is no translation model that Parley knows ({self._kind}).")
        self._pairs = {(pair.split("-")[0], pair.split("-")[1]) for pair in pairs} or self._own_pairs()
        self._device, self._threads, self._split = device, threads, split
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

    async def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        """Translate each text. Raises UnsupportedLanguage, InvalidWeights or EngineFailed."""
        if not self.supports(source, target):
            raise unsupported(source, target)
        loop = asyncio.get_running_loop()
        done = await loop.run_in_executor(self._worker, self._translate, list(texts), source, target)
        return [Translation(text, source, target, self._name) for text in done]

    async def close(self) -> None:
        """Free the model, after what is being translated."""
        await asyncio.to_thread(self._worker.shutdown)
        self._model = None

    def _translate(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        lines = [line for text in texts for line in text.split("\n")]
        cut = [list(self._split(line)) if line.strip() else [] for line in lines]
        sentences = sorted({one.strip() for line in cut for one in line if one.strip()}, key=len)
        known: dict[str, str] = {}
        for start in range(0, len(sentences), _BATCH):
            batch = sentences[start : start + _BATCH]
            known.update(zip(batch, self._batch(batch, source, target), strict=True))
        written = iter([join_sentences([known.get(one.strip(), "") for one in line], target) for line in cut])
        return ["\n".join(next(written) for _ in text.split("\n")) for text in texts]

    def _batch(self, sentences: Sequence[str], source: str, target: str) -> list[str]:
        import torch

        self._load()
        prefix, options = self._direction(source, target)
        inputs = self._tokenizer(
            [prefix + one for one in sentences], return_tensors="pt", padding=True, truncation=True, max_length=512
        ).to(self._model.device)
        limit = min(2 * int(inputs["input_ids"].shape[1]) + 16, 512)
        try:
            with torch.inference_mode():
                output = self._model.generate(**inputs, max_new_tokens=limit, max_length=None, **options)
        except torch.OutOfMemoryError as error:
            raise EngineFailed(f"The model '{self._name}' ran out of memory. Use a smaller model.") from error
        return [str(text) for text in self._tokenizer.batch_decode(output, skip_special_tokens=True)]

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
                from transformers import AutoTokenizer

                try:
                    with warnings.catch_warnings():
                        # Marian's optional punctuation library changes quotation marks only.
                        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
                        self._tokenizer = AutoTokenizer.from_pretrained(self._folder, trust_remote_code=False)
                except (ValueError, OSError, KeyError) as error:
                    raise InvalidWeights(f"The tokenizer of '{self._name}' is missing or damaged.") from error

    def _load(self) -> None:
        self._load_tokenizer()
        if self._model is None:
            with LOADING:
                self._load_model()

    def _load_model(self) -> None:
        import torch
        from transformers import AutoModelForSeq2SeqLM

        from models.convert import quiet_transformers

        place = pick_device(self._device)
        if self._threads:
            torch.set_num_threads(self._threads)
        with quiet_transformers():
            try:
                model: Any = AutoModelForSeq2SeqLM.from_pretrained(
                    self._folder,
                    dtype=torch.bfloat16 if place.type == "cuda" else torch.float32,
                    use_safetensors=True,
                    trust_remote_code=False,
                )
            except (ValueError, OSError, KeyError, RuntimeError) as error:
                raise InvalidWeights(f"The model '{self._name}' cannot be loaded. Fetch it anew.") from error
        self._model = model.eval().to(place)


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
