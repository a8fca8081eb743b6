"""A batch without a thread: sequences are added and driven by hand, their events collected."""

from __future__ import annotations

import threading
from collections.abc import Sequence as Row
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.types import Finished, GenerationRequest, TextChunk

if TYPE_CHECKING:
    from models.engines.batching import Batch
    from models.engines.decoding import Decoder
    from models.engines.loading import LoadedModel
    from models.engines.sequence import Scoring, Sequence


@dataclass
class Listener:
    """Who asked: keeps what came."""

    events: list[Any] = field(default_factory=list)
    error: Exception | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)

    def deliver(self, result: Any) -> None:
        self.events.append(result)

    def fail(self, error: Exception) -> None:
        self.error = error

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextChunk))

    @property
    def finished(self) -> Finished:
        last = self.events[-1]
        assert isinstance(last, Finished)
        return last


class Bench:
    """A tiny model with a batch."""

    def __init__(self, folder: Path, kind: Any = "float32", rows: int = 4, decoder: Decoder | None = None) -> None:
        from models.engines.batching import Batch
        from models.engines.loading import load_causal
        from models.engines.running import pick_decoder

        self.loaded: LoadedModel = load_causal(folder, "cpu", kind, 1)
        self.decoder = decoder or pick_decoder(self.loaded, 1 << 24)
        self.batch: Batch = Batch(self.decoder, self.loaded.eos, rows=rows, memory=1 << 26)

    def ask(self, prompt: str | Row[int], new: int = 12, **options: Any) -> tuple[Sequence, Listener]:
        """Let a request in."""
        from models.engines.sampling import Sampler
        from models.engines.sequence import Sequence

        request, listener = GenerationRequest((), max_new_tokens=new, **options), Listener()
        ids = self.loaded.tokenizer.encode(prompt) if isinstance(prompt, str) else list(prompt)
        sampler = Sampler(request, self.loaded.device)
        sequence = Sequence(ids, request, new, listener, sampler, self.loaded.tokenizer)
        self.batch.add(sequence)
        return sequence, listener

    def judge(self, prompt: str, continuations: Row[str]) -> tuple[Scoring, Listener]:
        """Let in a prompt whose continuations are to be judged."""
        from models.engines.sequence import Scoring

        encode, listener = self.loaded.tokenizer.encode, Listener()
        scoring = Scoring(encode(prompt), [encode(text) for text in continuations], listener)
        self.batch.add(scoring)
        return scoring, listener

    def drive(self, steps: int = 10_000) -> None:
        """Work until nothing is left, or for so many steps."""
        while self.batch.busy and steps:
            self.batch.advance()
            steps -= 1

    def written(self, prompt: str | Row[int], new: int = 12, **options: Any) -> list[int]:
        """The tokens that are written alone."""
        sequence, _ = self.ask(prompt, new, **options)
        self.drive()
        return sequence.ids[sequence.prompt_tokens :]

    def generate(self, prompt: str | Row[int], new: int = 12) -> list[int]:
        """The tokens that transformers' own `generate` writes."""
        import torch

        ids = self.loaded.tokenizer.encode(prompt) if isinstance(prompt, str) else list(prompt)
        inputs = torch.tensor([ids])
        output = self.loaded.model.generate(
            inputs, attention_mask=torch.ones_like(inputs), max_new_tokens=new, do_sample=False
        )
        return [token for token in output[0, len(ids) :].tolist() if token not in self.loaded.eos]
