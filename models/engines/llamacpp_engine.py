"""GGUF models on llama.cpp, in this process, behind the same port. Needs the extra `llamacpp` (it builds for minutes).

    engine = LlamaCppGenerator(Path("Qwen3-4B-Instruct-Q4_K_M.gguf"))

Admission, batches, sampling, stop strings and deadlines are those of the other engine; only the numbers come from
llama.cpp, whose rounding depends on who shares a step, so that a seed gives the same text only to who is alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from models.engines.loading import LoadedModel
from models.engines.tokenizing import ChatTokenizer
from models.engines.transformers_engine import TransformersGenerator
from models.errors import EngineFailed, InvalidWeights
from models.locks import LOADING

if TYPE_CHECKING:
    from models.engines.batching import Record
    from models.engines.llamacpp_decoding import LlamaCppModel
    from models.engines.running import Running


class LlamaCppGenerator(TransformersGenerator):
    """A `Generator` over a GGUF file. `cache_tokens` is how much all conversations together may take of its memory.

    Raises InvalidWeights where there is no such file, and EngineFailed at the first use without llama-cpp-python.
    """

    def __init__(
        self,
        gguf: Path,
        *,
        name: str | None = None,
        languages: Iterable[str] = ("*",),
        threads: int | None = None,
        slots: int = 8,
        context_tokens: int = 4096,
        cache_tokens: int = 16_384,
    ) -> None:
        if not gguf.is_file():
            raise InvalidWeights(f"There is no file {gguf.name}. Give the path of a GGUF file.")
        super().__init__(gguf, name=name or gguf.stem, languages=languages, threads=threads, slots=slots)
        self._context = min(context_tokens, cache_tokens)
        self._cache_tokens = cache_tokens
        self._threads = threads
        self._opened: LlamaCppModel | None = None

    def _load(self, record: Record) -> Running:
        tokenizer, opened = self._tokens(), self._open()
        with LOADING:
            import torch

            from models.engines.llamacpp_decoding import LlamaCppDecoder
            from models.engines.running import Running

        decoder = LlamaCppDecoder(opened, rows=self._slots, tokens=self._cache_tokens, threads=self._threads)
        loaded = LoadedModel(decoder, tokenizer, torch.device("cpu"), self._context, opened.ends())
        return Running(loaded, slots=self._slots, record=record, memory=self._cache_tokens)

    def _tokens(self) -> ChatTokenizer:
        opened = self._open()
        with self._lock:
            if self._tokenizer is None:
                from models.engines.llamacpp_decoding import GgufTokenizer

                self._tokenizer = GgufTokenizer(opened)
            return self._tokenizer

    def _open(self) -> LlamaCppModel:
        with self._lock:
            if self._opened is None:
                self._opened = _opened(self._folder)
                self._context = min(self._context, self._opened.trained_context)
            return self._opened


def _opened(gguf: Path) -> LlamaCppModel:
    with LOADING:
        try:
            import llama_cpp  # noqa: F401 - only whether it is there
        except ImportError as error:
            raise EngineFailed(
                "GGUF models need llama.cpp. Install it with `pip install 'parley[llamacpp]'`."
            ) from error
        from models.engines.llamacpp_decoding import LlamaCppModel

        return LlamaCppModel(gguf)
