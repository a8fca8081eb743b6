"""llama.cpp as a peer: the same prompts as tokens, one or several at once, greedy, through its own batch interface."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np


class LlamaCppPeer:
    """A GGUF file on llama.cpp, with room for so many sequences of so many tokens."""

    def __init__(self, gguf: Path, threads: int, sequences: int = 8, tokens: int = 512) -> None:
        import llama_cpp

        self._lib: Any = llama_cpp
        llama_cpp.llama_backend_init()
        self._model = llama_cpp.llama_model_load_from_file(str(gguf).encode(), llama_cpp.llama_model_default_params())
        options = llama_cpp.llama_context_default_params()
        options.n_ctx = sequences * tokens
        options.n_batch = options.n_ubatch = 512
        options.n_seq_max = sequences
        options.n_threads = options.n_threads_batch = threads
        self._context = llama_cpp.llama_init_from_model(self._model, options)
        self._batch = llama_cpp.llama_batch_init(512, 0, 1)
        self._vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self._model))

    def write(self, prompts: Sequence[Sequence[int]], new: int) -> tuple[float, float]:
        """Give seconds to the first token of the first prompt, and in all."""
        self._lib.llama_memory_clear(self._lib.llama_get_memory(self._context), True)
        start = time.perf_counter()
        tokens: list[int] = []
        first = 0.0
        for number, prompt in enumerate(prompts):
            logits = self._run(prompt, [number] * len(prompt), range(len(prompt)), [len(prompt) - 1])
            tokens.append(int(logits[0].argmax()))
            first = first or time.perf_counter() - start
        rows = range(len(prompts))
        for step in range(new - 1):
            logits = self._run(tokens, list(rows), [len(prompt) + step for prompt in prompts], list(rows))
            tokens = [int(line.argmax()) for line in logits]
        return first, time.perf_counter() - start

    def lines(self, ids: Sequence[int]) -> Any:
        """Give the log-probabilities after each token, taken one by one, (tokens, vocabulary)."""
        self._lib.llama_memory_clear(self._lib.llama_get_memory(self._context), True)
        raw = np.stack([self._run([token], [0], [at], [0])[0] for at, token in enumerate(ids)])
        shifted = raw - raw.max(-1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))

    def _run(
        self, tokens: Sequence[int], rows: Sequence[int], positions: Sequence[int], wanted: Sequence[int]
    ) -> list[Any]:
        batch = self._batch
        batch.n_tokens = len(tokens)
        for at, (token, row, position) in enumerate(zip(tokens, rows, positions, strict=True)):
            batch.token[at], batch.pos[at], batch.n_seq_id[at], batch.logits[at] = token, position, 1, 0
            batch.seq_id[at][0] = row
        for at in wanted:
            batch.logits[at] = 1
        if self._lib.llama_decode(self._context, batch):
            raise RuntimeError("llama.cpp could not decode")
        found = [self._lib.llama_get_logits_ith(self._context, at) for at in wanted]
        return [np.ctypeslib.as_array(line, shape=(self._vocabulary,)).copy() for line in found]


def requantised(gguf: Path, folder: Path) -> Path:
    """Write the file anew in Q8_0, by llama.cpp itself."""
    import llama_cpp

    target = folder / "q8_0.gguf"
    options = llama_cpp.llama_model_quantize_default_params()
    options.ftype, options.allow_requantize = llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0, True
    if llama_cpp.llama_model_quantize(str(gguf).encode(), str(target).encode(), options):
        raise RuntimeError("llama.cpp could not quantise the file")
    return target
