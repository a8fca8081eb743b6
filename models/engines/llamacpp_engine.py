"""GGUF models on llama.cpp, in this process, behind the same port. Needs the extra `llamacpp` (it builds for minutes).

    engine = LlamaCppGenerator(Path("Qwen3-4B-Instruct-Q4_K_M.gguf"))

Admission, batches, sampling, stop strings and deadlines are those of the other engine; only the numbers come from
llama.cpp, whose rounding depends on who shares a step, so that a seed gives the same text only to who is alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from models.engines.loading import LoadedModel
from models.engines.tokenizing import ChatTokenizer
from models.engines.transformers_engine import TransformersGenerator
from models.errors import EngineFailed
from models.extras import install
from models.folders import check_gguf
from models.locks import LOADING

if TYPE_CHECKING:
    from models.engines.batching import Record
    from models.engines.llamacpp_decoding import LlamaCppModel
    from models.engines.running import Running


class LlamaCppGenerator(TransformersGenerator):
    """A `Generator` over a GGUF file. `cache_tokens` is how much all conversations together may take of its memory.

    Raises InvalidWeights for a file that is no such model, and EngineFailed at the first use without llama-cpp-python.
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
        check_gguf(gguf)
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


def check_llamacpp() -> None:
    """Raises EngineFailed, with what to install, where llama.cpp is not there. Loads nothing."""
    try:
        there = find_spec("llama_cpp") is not None
    except ValueError:  # what stands under the name is no module
        there = False
    if not there:
        raise EngineFailed(f"GGUF models need llama.cpp. {install('llamacpp')}")


def _opened(gguf: Path) -> LlamaCppModel:
    check_llamacpp()
    with LOADING:
        from models.engines.llamacpp_decoding import LlamaCppModel

        return LlamaCppModel(gguf)
