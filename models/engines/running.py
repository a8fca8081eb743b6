"""A loaded model at work: tickets become sequences of its batch. Imports torch; used by the engine's thread alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from models.engines.adapters import Adapters
from models.engines.admission import Ticket
from models.engines.batching import Batch, Record
from models.engines.decoding import Decoder, SlotDecoder
from models.engines.forward import SingleDecoder, TransformersForward, looks_back_at_all
from models.engines.llama import LlamaForward
from models.engines.llamacpp_decoding import LlamaCppDecoder
from models.engines.loading import LoadedModel
from models.engines.sampling import Sampler
from models.engines.sequence import Prompt, Scoring, Sequence
from models.engines.work import Work, Write
from models.memory import cache_bytes


class Running:
    """Owns the model and all that it keeps in memory."""

    def __init__(
        self,
        loaded: LoadedModel,
        *,
        slots: int,
        record: Record,
        folders: Mapping[str, Path] | None = None,
        memory: int | None = None,
        guesses: bool = True,
    ) -> None:
        self._loaded = loaded
        each = cache_bytes() // 2 if memory is None else memory  # for the rows, and for beginnings that are kept
        adapters = Adapters(loaded.model, folders) if folders else None
        decoder = pick_decoder(loaded, each, adapters)
        self._batch = Batch(
            decoder, loaded.eos, rows=slots, memory=each, record=record, adapters=adapters, guesses=guesses
        )
        self._tickets: dict[Prompt, Ticket[Work]] = {}

    def fits(self, ticket: Ticket[Work]) -> bool:
        """Whether it has room now."""
        return self._batch.fits(ticket.tokens)

    def admit(self, ticket: Ticket[Work]) -> None:
        """Take up a request. Computes nothing yet."""
        prompt = self._prompt(ticket.item)
        prompt.deadline = ticket.deadline
        self._tickets[prompt] = ticket
        self._batch.add(prompt)

    def advance(self) -> list[Ticket[Work]]:
        """Do one step for all; give the tickets of those that left. Raises what the model raises."""
        left = self._batch.advance()
        for prompt, ticket in self._tickets.items():
            ticket.written = prompt.written
        return [self._tickets.pop(prompt) for prompt in left]

    def _prompt(self, work: Work) -> Prompt:
        if not isinstance(work, Write):
            return Scoring(work.prompt, work.continuations, work.job)
        text = work.text
        sampler = Sampler(text.request, self._loaded.device, text.constraint)
        return Sequence(text.prompt, text.request, text.limit, work.job, sampler, self._loaded.tokenizer, text.adapter)


def pick_decoder(loaded: LoadedModel, prefix_bytes: int, adapters: Adapters | None = None) -> Decoder:
    """Choose how the model's rows are computed; beginnings of prompts may take so many bytes."""
    if isinstance(loaded.model, LlamaCppDecoder):
        return loaded.model
    if isinstance(loaded.model, LlamaForward):
        return SlotDecoder(loaded.model, prefix_bytes)
    if looks_back_at_all(loaded.model):
        return SlotDecoder(TransformersForward(loaded.model, adapters), prefix_bytes)
    return SingleDecoder(loaded.model, adapters)
