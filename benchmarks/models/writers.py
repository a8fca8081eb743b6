"""What writes in the benchmark of generation: this project's engine, transformers' `generate`, and llama.cpp.

Each has `write(prompts)`, which writes answers to all these prompts at once, and gives seconds to the first token of
the first, and in all.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.engines.tokenizing import ChatTokenizer
from models.engines.transformers_engine import TransformersGenerator
from models.types import ChatMessage, GenerationRequest, TextChunk

NEW_TOKENS = 32
AT_ONCE = 8


class Ours:
    """The engine of this project, asked from an event loop as the bot asks it."""

    def __init__(self, folder: Path, threads: int, guesses: bool = True) -> None:
        self.engine = TransformersGenerator(folder, device="cpu", threads=threads, slots=AT_ONCE, guesses=guesses)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self.wait(self.engine.warm())

    def wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def write(self, prompts: Sequence[str]) -> tuple[float, float]:
        return self.chat([[ChatMessage("user", text)] for text in prompts])[:2]

    def chat(self, conversations: Sequence[Sequence[ChatMessage]]) -> tuple[float, float, str]:
        """Give seconds to the first token of the first, in all, and the first's text."""
        return self.wait(self._chat(conversations))  # type: ignore[no-any-return]

    async def _chat(self, conversations: Sequence[Sequence[ChatMessage]]) -> tuple[float, float, str]:
        start = time.perf_counter()
        results = await asyncio.gather(*(self._one(messages, start) for messages in conversations))
        return results[0][0], time.perf_counter() - start, results[0][1]

    async def _one(self, messages: Sequence[ChatMessage], start: float) -> tuple[float, str]:
        first, text = 0.0, ""
        async for event in self.engine.stream(GenerationRequest(tuple(messages), max_new_tokens=NEW_TOKENS)):
            if isinstance(event, TextChunk):
                first = first or time.perf_counter() - start
                text += event.text
        return first, text


class PlainGenerate:
    """transformers' `generate` in bf16, padded on the left where there are several prompts."""

    def __init__(self, folder: Path, threads: int) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        torch.set_num_threads(threads)
        self._tokenizer = ChatTokenizer(folder)
        self._model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()

    def write(self, prompts: Sequence[str]) -> tuple[float, float]:
        import torch

        start, streamer = time.perf_counter(), _FirstToken()
        rows = [self._tokenizer.encode_chat([ChatMessage("user", text)]) for text in prompts]
        width = max(map(len, rows))
        inputs = torch.tensor([[2] * (width - len(row)) + row for row in rows])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
        extra = {"streamer": streamer} if len(rows) == 1 else {}  # it takes one sequence only
        self._model.generate(inputs, attention_mask=mask, max_new_tokens=NEW_TOKENS, do_sample=False, **extra)
        return (streamer.at or time.perf_counter()) - start, time.perf_counter() - start


class _FirstToken:
    def __init__(self) -> None:
        self.calls, self.at = 0, 0.0

    def put(self, _: object) -> None:
        self.calls += 1
        if self.calls == 2:  # the first call brings the prompt
            self.at = time.perf_counter()

    def end(self) -> None: ...


class OnLlamaCpp:
    """A GGUF file on llama.cpp, with the tokens of the folder's template."""

    def __init__(self, gguf: Path, folder: Path, threads: int) -> None:
        from benchmarks.models.llamacpp_peer import LlamaCppPeer

        self._tokenizer, self._peer = ChatTokenizer(folder), LlamaCppPeer(gguf, threads)

    def write(self, prompts: Sequence[str]) -> tuple[float, float]:
        rows = [self._tokenizer.encode_chat([ChatMessage("user", text)]) for text in prompts]
        return self._peer.write(rows, NEW_TOKENS)

    def lines(self, ids: Sequence[int]) -> Any:
        """Give the log-probabilities after each token, (tokens, vocabulary)."""
        return self._peer.lines(ids)
