"""GGUF models on llama.cpp, in this process, behind the same port. Needs the extra `llamacpp` (it builds for minutes).

    engine = LlamaCppGenerator(Path("Qwen3-4B-Instruct-Q4_K_M.gguf"))

Admission, batches, sampling, stop strings and deadlines are those of the other engine; only the numbers come from
llama.cpp, whose rounding depends on who shares a step, so that a seed gives the same text only to who is alone.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from models.engines.loading import LoadedModel
from models.engines.tokenizing import ChatTokenizer
from models.engines.transformers_engine import TransformersGenerator
from models.errors import EngineFailed, UnknownModel
from models.extras import install, is_installed
from models.folders import check_gguf
from models.locks import LOADING
from models.types import GenerationEvent, GenerationRequest

if TYPE_CHECKING:
    from models.engines.batching import Record
    from models.engines.llamacpp_decoding import LlamaCppModel
    from models.engines.running import Running

CONTEXT = 4096  # tokens that are looked at where nothing else is set


class LlamaCppGenerator(TransformersGenerator):
    """A `Generator` over a GGUF file. It looks at `context_tokens`, as far as the model was trained for that.

    All conversations together have a memory for some whole ones, or for what `cache_bytes` tells when it is loaded.
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
        context_tokens: int | None = None,
        cache_bytes: Callable[[], int] | None = None,
    ) -> None:
        check_gguf(gguf)
        super().__init__(gguf, name=name or gguf.stem, languages=languages, threads=threads, slots=slots)
        self._context = context_tokens or CONTEXT
        self._cache_bytes = cache_bytes
        self._threads = threads
        self._opened: LlamaCppModel | None = None

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        """As the other engines, but for adapters: raises UnknownModel for any."""
        if request.adapter:
            raise UnknownModel(
                f"The model '{self._name}' is a GGUF file, and adapters (models.adapters) go with models that "
                f"transformers loads from a folder. Name such a folder in models.generator, or take the adapter "
                f"'{request.adapter}' out of the persona."
            )
        async with aclosing(super().stream(request)) as events:
            async for event in events:
                yield event

    def _load(self, record: Record) -> Running:
        tokenizer, opened = self._tokens(), self._open()
        with LOADING:
            import torch

            from models.engines.llamacpp_decoding import LlamaCppDecoder
            from models.engines.running import Running

        room = None if self._cache_bytes is None else self._cache_bytes()
        tokens = opened.facts.cache_tokens(self._context, room)
        decoder = LlamaCppDecoder(opened, rows=self._slots, tokens=tokens, threads=self._threads)
        loaded = LoadedModel(decoder, tokenizer, torch.device("cpu"), self._context, opened.ends())
        return Running(loaded, slots=self._slots, record=record, memory=tokens)

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
                self._context = self._opened.facts.context(self._context)
            return self._opened


def check_llamacpp() -> None:
    """Raises EngineFailed, with what to install, where llama.cpp is not there. Loads nothing."""
    if not is_installed("llama_cpp"):
        raise EngineFailed(f"GGUF models need llama.cpp. {install('llamacpp')}")


def _opened(gguf: Path) -> LlamaCppModel:
    check_llamacpp()
    with LOADING:
        from models.engines.llamacpp_decoding import LlamaCppModel

        return LlamaCppModel(gguf)
