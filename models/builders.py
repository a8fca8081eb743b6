"""Which class runs which model, and with how much memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.catalogue import GgufSource, ModelSpec, ServerSource, Task
from models.devices import Device, check_device, device_kind
from models.encoders.transformer_encoder import TransformerEncoder
from models.engines.adapter_names import check_adapter
from models.engines.llamacpp_engine import CONTEXT, LlamaCppGenerator, check_llamacpp
from models.engines.llamacpp_file import GgufFacts, read_facts
from models.engines.paged.engine import PagedGenerator
from models.engines.paged.sizes import PagedSizes
from models.engines.remote.building import remote_encoder, remote_generator
from models.engines.remote.client import require
from models.engines.remote.server import Server
from models.engines.transformers_engine import TransformersGenerator
from models.errors import TooLarge, WeightsUnavailable
from models.memory import Quantisation, gigabytes, model_bytes, what_fits
from models.ports import Generator
from models.shelf import Slot
from models.tasks.classifiers import ClassifierSentiment
from models.tasks.rerank import CrossEncoderReranker
from models.tasks.seq2seq import Seq2SeqTranslator
from models.tasks.translation.glossary import Glossary
from models.weights import find

_LEAST_CACHE = 512_000_000  # bytes of keys and values, for a few conversations at least
_OF_SERVERS = ("openai", "purgatory")  # the extra openai
_LEAST_CONTEXT = 512  # tokens; a question with its passages hardly fits into less


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Which models, and how they run. `overrides` name a model, a folder or a hub repository per task.

    Several models for a task are separated by commas: translators of different pairs, or generators of which the next
    one writes when one before it cannot. `threads` is for the CPU. `servers` are those that `server:NAME` may name.
    `memory_bytes` bounds all models together; None: most of what the device has. `adapters` are folders by name.
    `context_tokens` bounds what a generator looks at; None: all that it was trained for, and 4096 for a GGUF file.
    """

    models_dir: Path
    profile: str = "embedded"
    device: Device = "auto"
    threads: int | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    servers: Mapping[str, Server] = field(default_factory=dict)
    glossary: Glossary = field(default_factory=Glossary)
    memory_bytes: int | None = None
    quantisation: Quantisation = "none"
    adapters: Mapping[str, Path] = field(default_factory=dict)
    context_tokens: int | None = None


class Builders:
    """Makes a slot for a model: how to build it, and what it takes of the `budget`. `chosen` gives all that are."""

    def __init__(
        self,
        options: Callable[[], ModelOptions],
        budget: Callable[[], int],
        chosen: Callable[[], Mapping[str, tuple[Task, ModelSpec]]],
    ) -> None:
        self._options = options
        self._budget = budget
        self._chosen = chosen

    def slot(self, task: Task, spec: ModelSpec) -> Slot[Any]:
        """Make a place for a model. Raises WeightsUnavailable, InvalidWeights, or EngineFailed without its library."""
        if isinstance(spec.source, ServerSource):
            return self._server(task, spec.name, spec.source.server)
        folder = find(spec, self._options().models_dir)
        if isinstance(spec.source, GgufSource):
            check_llamacpp()
        return Slot(spec.name, lambda: self._need(task, spec, folder), lambda: self._build(task, spec, folder))

    def check(self, spec: ModelSpec) -> None:
        """Make sure that a model could be used, as far as that is seen without loading it or asking its server.

        Raises what `slot` does, DeviceMissing, TooLarge, and InvalidWeights or EngineFailed for an adapter.
        """
        slot = self.slot(Task.GENERATE if spec.architecture == "causal" else spec.tasks[0], spec)
        if isinstance(spec.source, ServerSource):
            return
        options = self._options()
        check_device(options.device)
        _ = slot.need
        if spec.architecture == "causal" and not isinstance(spec.source, GgufSource):
            for name, folder in options.adapters.items():
                check_adapter(name, folder)

    def _build(self, task: Task, spec: ModelSpec, folder: Path) -> Any:
        options = self._options()
        if spec.architecture == "causal":
            return self._generator(spec, folder)
        if task is Task.EMBED:
            return TransformerEncoder(
                folder,
                name=spec.name,
                languages=spec.languages,
                query_prefix=spec.query_prefix,
                passage_prefix=spec.passage_prefix,
                device=options.device,
                threads=options.threads,
            )
        if task is Task.TRANSLATE:
            return Seq2SeqTranslator(
                folder, name=spec.name, pairs=spec.pairs, device=options.device, threads=options.threads
            )
        if task is Task.RERANK:
            return CrossEncoderReranker(folder, name=spec.name, device=options.device)
        return ClassifierSentiment(folder, name=spec.name, device=options.device)

    def _server(self, task: Task, name: str, server: str) -> Slot[Any]:
        for library in _OF_SERVERS:
            require(library)
        servers = self._options().servers
        build = remote_encoder if task is Task.EMBED else remote_generator
        return Slot(name, lambda: 0, lambda: build(server, servers), in_loop=True)

    def _generator(self, spec: ModelSpec, folder: Path) -> Generator:
        """llama.cpp for GGUF files; the paged engine on a GPU, which it is made for; padded batches on a CPU."""
        options = self._options()
        if isinstance(spec.source, GgufSource):
            return LlamaCppGenerator(
                folder,
                name=spec.name,
                languages=spec.languages,
                threads=options.threads,
                context_tokens=options.context_tokens,
                cache_bytes=lambda: self._room(spec, folder),
            )
        if not self._is_paged(spec):
            return TransformersGenerator(
                folder,
                name=spec.name,
                languages=spec.languages,
                device=options.device,
                threads=options.threads,
                context_tokens=options.context_tokens,
                adapters=options.adapters,
            )
        return PagedGenerator(
            folder,
            name=spec.name,
            languages=spec.languages,
            device=options.device,
            quantisation=options.quantisation,
            sizes=PagedSizes(cache_bytes=self._cache(spec, folder)),
            context_tokens=options.context_tokens,
            adapters=options.adapters,
        )

    def _need(self, task: Task, spec: ModelSpec, folder: Path) -> int:
        """What it takes in all. Raises TooLarge, naming what would fit."""
        weights = self._weights(spec, folder)
        if isinstance(spec.source, GgufSource):
            facts = read_facts(folder)
            context = facts.context(self._options().context_tokens or CONTEXT)
            self._check_room(task, spec, weights + facts.bytes(context), _shorter(facts, self._budget() - weights))
            return weights + facts.bytes(facts.cache_tokens(context, self._room(spec, folder)))
        if not self._is_paged(spec):
            self._check_room(task, spec, weights)
            return weights
        packed = " Or set models.quantisation to int8 or int4." if self._options().quantisation == "none" else ""
        self._check_room(task, spec, weights + _LEAST_CACHE, packed)
        return weights + self._cache(spec, folder)

    def _check_room(self, task: Task, spec: ModelSpec, least: int, advice: str = "") -> None:
        room = self._budget()
        if least > room:
            raise TooLarge(
                f"The model '{spec.name}' takes about {gigabytes(least)}, and {gigabytes(room)} are there for models "
                f"(models.memory_gb). {what_fits(task, room)}{advice}"
            )

    def _cache(self, spec: ModelSpec, folder: Path) -> int:
        """What a paged generator's keys and values take: all that is left, and enough for a few conversations."""
        return max(self._room(spec, folder), _LEAST_CACHE)

    def _room(self, spec: ModelSpec, folder: Path) -> int:
        """What the weights and the other models leave to a generator's keys and values."""
        return self._budget() - self._weights(spec, folder) - self._others(spec)

    def _weights(self, spec: ModelSpec, folder: Path) -> int:
        return model_bytes(spec, folder, self._options().quantisation if self._is_paged(spec) else "none")

    def _is_paged(self, spec: ModelSpec) -> bool:
        """Whether the paged engine writes it."""
        if spec.architecture != "causal" or isinstance(spec.source, GgufSource):
            return False
        return device_kind(self._options().device) == "cuda"

    def _others(self, spec: ModelSpec) -> int:
        """What the other chosen models take together, as far as they are there."""
        options, total = self._options(), 0
        for _, other in self._chosen().values():
            if other.name != spec.name and not isinstance(other.source, ServerSource):
                try:
                    total += self._weights(other, find(other, options.models_dir))
                except WeightsUnavailable:
                    continue
        return total


def _shorter(facts: GgufFacts, left: int) -> str:
    """The context with which a GGUF model would fit into the bytes that its weights leave, if it is worth having."""
    tokens = (left - facts.step_bytes) // max(facts.token_bytes, 1)
    return f" Or set models.context_tokens to {tokens} or less." if tokens >= _LEAST_CONTEXT else ""
