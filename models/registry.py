"""The models of a profile, by task: loaded when they are first used, shared, unloaded when memory is short.

    registry = Registry(ModelOptions(models_dir=Path("models"), profile="embedded"))
    registry.generator(); registry.embedder(); registry.reranker(); registry.translator(); registry.sentiment()
    await registry.swap("generate", "qwen3-1_7b")    # what is being written is finished by the model before
    await registry.close()

Nothing is downloaded here: missing weights raise WeightsUnavailable with the command that fetches them.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar, cast

from models.builders import Builders, ModelOptions
from models.catalogue import ModelSpec, Task, catalogue, resolve
from models.engines.fallback import FallbackGenerator
from models.errors import ModelError, TooLarge, UnknownModel, UnsupportedLanguage
from models.handles import (
    EncoderHandle,
    GeneratorHandle,
    Handle,
    RerankerHandle,
    SentimentHandle,
    TranslatorHandle,
)
from models.memory import machine_memory
from models.ports import Classifier, Encoder, Generator, Reranker, SentimentClassifier, Translator
from models.shelf import Shelf, Slot
from models.tasks.classify import EvidenceClassifier
from models.tasks.sentiment import EvidenceSentiment, ToEnglish, Weights
from models.tasks.summarise import Summariser
from models.tasks.translate import ApertiumTranslator, FirstAble
from models.tasks.translation.careful import UnitTranslator
from models.tasks.translation.generative import GenerativeTranslator
from models.types import ModelState

__all__ = ["ModelOptions", "Registry"]

_LOG = logging.getLogger(__name__)

T = TypeVar("T")
H = TypeVar("H", bound=Handle[Any])


class Registry:
    """Builds each model once; safe to use from several threads. `to_english` is handed to tasks that need it.

    What it hands out stands for a task's model, whichever that is, and holds it in memory while it is used.
    """

    def __init__(self, options: ModelOptions, to_english: Mapping[str, ToEnglish] | None = None) -> None:
        self._options = options
        self._to_english = dict(to_english or {})
        self._slots: dict[str, Slot[Any]] = {}
        self._built: dict[str, object] = {}
        self._lock = threading.RLock()
        self._shelf = Shelf(lambda: options.memory_bytes or machine_memory(options.device))
        self._builders = Builders(lambda: self._options, lambda: self._shelf.budget, self._specs_of_all)

    def specs(self, task: Task | str) -> tuple[ModelSpec, ...]:
        """Give the models chosen for a task; none if the profile has none. Raises UnknownModel."""
        return _chosen(self._options, Task(task))

    def check(self, spec: ModelSpec) -> None:
        """Make sure that a model could be used, as far as that is seen without loading it or asking its server: its
        files, the library that runs it, the device, the memory, and for a generator the adapters. Raises ModelError.
        """
        self._builders.check(spec)

    def generator(self) -> Generator:
        """Give the generator, or several as a chain; one that cannot write is left out of it, until the registry is
        closed or a task swapped. Raises WeightsUnavailable, InvalidWeights or UnknownModel, in a chain if none can.
        """
        if len(self.specs(Task.GENERATE)) < 2:
            return self._handle(Task.GENERATE, GeneratorHandle)
        return self._once("chain", self._build_chain)

    def embedder(self) -> Encoder:
        """Give the encoder. Raises WeightsUnavailable or InvalidWeights."""
        return self._handle(Task.EMBED, EncoderHandle)

    def reranker(self) -> Reranker | None:
        """Give the reranker, or None where the profile has none. Raises WeightsUnavailable or InvalidWeights."""
        return self._handle(Task.RERANK, RerankerHandle) if self.specs(Task.RERANK) else None

    def translator(self) -> Translator:
        """Give the chosen translators, and Apertium where it is installed. A pair that none can raises with advice."""
        return self._once("translate", self._build_translator)

    def sentiment(self) -> SentimentClassifier:
        """Give the trained classifier of the profile; without one, the generator, encoder and lexicon together."""
        return self._once("sentiment", self._build_sentiment)

    def classifier(self) -> Classifier:
        """Give the classifier for one's own labels."""
        return self._once(
            "classify", lambda: EvidenceClassifier(self.generator(), self.embedder(), to_english=self._to_english)
        )

    def summariser(self) -> Summariser:
        """Give the summariser."""
        return self._once("summarise", lambda: Summariser(self.generator(), self.embedder()))

    async def warm(self, tasks: Iterable[Task | str]) -> None:
        """Load the models of these tasks now. Raises what their first use would."""
        for task in map(Task, tasks):
            specs, wrong = self.specs(task), 0
            for spec in specs:
                try:
                    slot = await asyncio.to_thread(self._slot, task, spec)
                    await self._warm(slot)
                except ModelError as error:
                    wrong += 1
                    if task is not Task.GENERATE or wrong == len(specs):
                        raise
                    _LOG.warning("%s cannot write (%s); another one of the chain has to", spec.name, error)

    async def swap(self, task: Task | str, name: str) -> None:
        """Give a task another model without a stop: new work goes to it, old work is finished by the one before, which
        is then closed. Loads the new one first, where both fit into memory.

        Raises UnknownModel, WeightsUnavailable, InvalidWeights or TooLarge, and then nothing has changed.
        """
        task = Task(task)
        if task is Task.EMBED:
            raise UnknownModel("The embedder cannot be changed while Parley runs, for the index holds its vectors.")
        options = replace(self._options, overrides={**self._options.overrides, task.value: name})
        try:
            slots = [await asyncio.to_thread(self._checked, task, spec) for spec in _chosen(options, task)]
            for slot in slots:
                if not slot.loaded and self._shelf.used() + slot.need <= self._shelf.budget:
                    await self._warm(slot)
            with self._lock:
                self._options = options
                self._built = {key: one for key, one in self._built.items() if isinstance(one, Handle)}
        finally:  # what is not chosen goes: the models before, or, where the new ones cannot be, these
            self._drop_unchosen()

    def state(self) -> list[ModelState]:
        """Give what has been built: how much memory each takes, whether it is loaded, and how many use it. What is on a
        server, or too large to be loaded, takes 0.
        """
        with self._lock:
            slots = dict(self._slots)
        return [
            ModelState(
                name=slot.name,
                tasks=tuple(each.value for each in Task if any(_key(one, each) == key for one in self.specs(each))),
                bytes=_size(slot),
                loaded=slot.loaded,
                users=slot.users,
            )
            for key, slot in slots.items()
        ]

    @property
    def budget(self) -> int:
        """How many bytes all models may take together."""
        return self._shelf.budget

    async def close(self) -> None:
        """Close what was built, last built first; the registry builds anew when it is asked again."""
        with self._lock:
            self._built, self._slots = {}, {}
        await self._shelf.close()

    async def _warm(self, slot: Slot[Any]) -> None:
        async with self._shelf.hold(lambda: slot) as model:
            if not hasattr(model, "warm"):
                return
            if asyncio.iscoroutinefunction(model.warm):
                await model.warm()
            else:
                await asyncio.to_thread(model.warm)

    def _handle(self, task: Task, kind: type[H]) -> H:
        def current() -> Slot[Any]:
            return self._slot(task, self._only(task))

        handle = self._once(task.value, lambda: kind(self._shelf, current))
        _ = handle.engine  # what is wrong with its folder is said now
        return handle

    def _fixed(self, task: Task, spec: ModelSpec) -> GeneratorHandle:
        """A generator that stays this one."""
        slot = self._slot(task, spec)
        _ = slot.model
        return GeneratorHandle(self._shelf, partial(_same, slot))

    def _slot(self, task: Task, spec: ModelSpec) -> Slot[Any]:
        key = _key(spec, task)
        with self._lock:
            if key not in self._slots:
                self._slots[key] = self._builders.slot(task, spec)
            return self._slots[key]

    def _checked(self, task: Task, spec: ModelSpec) -> Slot[Any]:
        """The slot of a model that could be used: its weights are there, and small enough."""
        slot = self._slot(task, spec)
        _ = slot.model, slot.need
        return slot

    def _drop_unchosen(self) -> None:
        with self._lock:
            kept = {_key(spec, each) for each in Task for spec in self.specs(each)}
            gone = [self._slots.pop(key) for key in list(self._slots) if key not in kept]
        for slot in gone:
            self._shelf.retire(slot)

    def _build_chain(self) -> Generator:
        able: list[GeneratorHandle] = []
        wrong: list[ModelError] = []
        for spec in self.specs(Task.GENERATE):
            try:
                able.append(self._fixed(Task.GENERATE, spec))
            except ModelError as error:
                wrong.append(error)
                _LOG.warning("%s cannot write, and is left out of the chain: %s", spec.name, error)
        if not able:
            raise wrong[0]
        return FallbackGenerator(able)

    def _build_translator(self) -> Translator:
        found: list[UnitTranslator] = []
        for spec in self.specs(Task.TRANSLATE):
            if spec.architecture == "causal":
                found.append(GenerativeTranslator(self._fixed(Task.TRANSLATE, spec)))
            else:
                slot = self._slot(Task.TRANSLATE, spec)
                _ = slot.model
                found.append(TranslatorHandle(self._shelf, partial(_same, slot)))
        apertium = ApertiumTranslator()
        if apertium.installed:
            found.append(apertium)
        return FirstAble(found, self._translation_advice(), self._options.glossary)

    def _translation_advice(self) -> str:
        if self.specs(Task.TRANSLATE):
            return "Name another model in models.translate (see `parley models list`), or install Apertium's pair."
        return (
            f"The profile '{self._options.profile}' has no translator. Set models.profile to standard and run "
            "`parley models fetch`, name a translation model in models.translate, or install Apertium with this pair."
        )

    def _build_sentiment(self) -> SentimentClassifier:
        if self.specs(Task.SENTIMENT):
            return self._handle(Task.SENTIMENT, SentimentHandle)
        weight = 0.1 if self._only(Task.GENERATE).name == "smollm2-135m-instruct" else 1.0
        weights = Weights(likelihood=weight)
        # Chinese goes by its words of feeling alone: with word-by-word glosses for the models it was judged worse.
        return EvidenceSentiment(self.generator(), self.embedder(), weights=weights)

    def _specs_of_all(self) -> dict[str, tuple[Task, ModelSpec]]:
        return {_key(spec, task): (task, spec) for task in Task for spec in self.specs(task)}

    def _only(self, task: Task) -> ModelSpec:
        specs = self.specs(task)
        if not specs:
            raise UnsupportedLanguage(f"The profile '{self._options.profile}' has no model that can {Task(task).verb}.")
        return specs[0]

    def _once(self, key: str, build: Callable[[], T]) -> T:
        with self._lock:
            if key not in self._built:
                self._built[key] = build()
            found: Any = self._built[key]
            return cast(T, found)


def _size(slot: Slot[Any]) -> int:
    try:
        return slot.need
    except TooLarge:
        return 0


def _chosen(options: ModelOptions, task: Task) -> tuple[ModelSpec, ...]:
    override = options.overrides.get(task.value, "")
    names = [name.strip() for name in override.split(",") if name.strip()]
    return tuple(resolve(name, task) for name in names or catalogue().profile(options.profile).models[task])


def _same(slot: Slot[T]) -> Slot[T]:
    return slot


def _key(spec: ModelSpec, task: Task) -> str:
    """One place for each model, whatever it does: a generator may translate, too."""
    kind = Task.GENERATE if spec.architecture == "causal" else task
    return f"{kind} {spec.name}"
