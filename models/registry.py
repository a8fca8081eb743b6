"""The models of a profile, by task: loaded when first asked for, shared, closed together.

    registry = Registry(ModelOptions(models_dir=Path("models"), profile="embedded"))
    registry.generator(); registry.embedder(); registry.translator(); registry.sentiment(); registry.classifier()
    await registry.close()

Nothing is downloaded here: missing weights raise WeightsUnavailable with the command that fetches them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, cast

from models.catalogue import ModelSpec, ServerSource, Task, catalogue, resolve
from models.encoders.remote_encoder import RemoteEncoder
from models.encoders.transformer_encoder import TransformerEncoder
from models.engines.fallback import FallbackGenerator
from models.engines.remote.building import remote_encoder, remote_generator
from models.engines.remote.remote_engine import RemoteGenerator
from models.engines.remote.server import Server
from models.engines.transformers_engine import TransformersGenerator
from models.errors import UnsupportedLanguage
from models.ports import Classifier, Encoder, Generator, SentimentClassifier, Translator
from models.tasks.classifiers import ClassifierSentiment
from models.tasks.classify import EvidenceClassifier
from models.tasks.sentiment import EvidenceSentiment, ToEnglish, Weights
from models.tasks.seq2seq import Seq2SeqTranslator
from models.tasks.summarise import Summariser
from models.tasks.translate import ApertiumTranslator, FirstAble
from models.tasks.translation.careful import UnitTranslator
from models.tasks.translation.generative import GenerativeTranslator
from models.tasks.translation.glossary import Glossary
from models.weights import find

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Which models, and how they run. `overrides` name a model, a folder or a hub repository per task.

    Several models for a task are separated by commas: translators of different pairs, or generators of which the next
    one writes when one before it cannot. `threads` is for the CPU. `servers` are those that `server:NAME` may name.
    """

    models_dir: Path
    profile: str = "embedded"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    servers: Mapping[str, Server] = field(default_factory=dict)
    glossary: Glossary = field(default_factory=Glossary)


_CLOSED_IN_THE_LOOP = (TransformersGenerator, RemoteGenerator, Seq2SeqTranslator, ClassifierSentiment)


class _Closable(Protocol):
    async def close(self) -> None: ...


class Registry:
    """Builds each model once; safe to use from several threads. `to_english` is handed to tasks that need it."""

    def __init__(self, options: ModelOptions, to_english: Mapping[str, ToEnglish] | None = None) -> None:
        self._options = options
        self._to_english = dict(to_english or {})
        self._built: dict[str, object] = {}
        self._lock = threading.RLock()

    def specs(self, task: Task | str) -> tuple[ModelSpec, ...]:
        """Give the models chosen for a task; none if the profile has none. Raises UnknownModel."""
        task = Task(task)
        override = self._options.overrides.get(task.value, "")
        names = [name.strip() for name in override.split(",") if name.strip()]
        return tuple(resolve(name, task) for name in names or catalogue().profile(self._options.profile).models[task])

    def generator(self) -> Generator:
        """Give the generator, or several as a chain. Raises WeightsUnavailable, InvalidWeights or UnknownModel."""
        specs = self.specs(Task.GENERATE)
        if len(specs) < 2:
            return self._generator(self._only(Task.GENERATE))
        return self._once("generate", lambda: FallbackGenerator([self._generator(spec) for spec in specs]))

    def embedder(self) -> Encoder:
        """Give the encoder. Raises WeightsUnavailable or InvalidWeights."""
        spec = self._only(Task.EMBED)
        if isinstance(spec.source, ServerSource):
            server = spec.source.server
            return self._once(f"embed {spec.name}", lambda: remote_encoder(server, self._options.servers))
        return self._once(
            f"embed {spec.name}",
            lambda: TransformerEncoder(
                self._find(spec),
                name=spec.name,
                languages=spec.languages,
                query_prefix=spec.query_prefix,
                passage_prefix=spec.passage_prefix,
                device=self._options.device,
                threads=self._options.threads,
            ),
        )

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

    async def close(self) -> None:
        """Close what was built, last built first; the registry builds anew when it is asked again."""
        with self._lock:
            built, self._built = list(self._built.values()), {}
        for model in reversed(built):
            if isinstance(model, _CLOSED_IN_THE_LOOP):
                await cast(_Closable, model).close()
            elif isinstance(model, TransformerEncoder | RemoteEncoder):
                model.close()

    def _generator(self, spec: ModelSpec) -> Generator:
        if isinstance(spec.source, ServerSource):
            server = spec.source.server
            return self._once(f"generate {spec.name}", lambda: remote_generator(server, self._options.servers))
        return self._once(
            f"generate {spec.name}",
            lambda: TransformersGenerator(
                self._find(spec),
                name=spec.name,
                languages=spec.languages,
                device=self._options.device,
                threads=self._options.threads,
            ),
        )

    def _build_translator(self) -> Translator:
        found: list[UnitTranslator] = []
        for spec in self.specs(Task.TRANSLATE):
            if spec.architecture == "causal":
                found.append(GenerativeTranslator(self._generator(spec)))
            else:
                found.append(self._seq2seq(spec))
        apertium = ApertiumTranslator()
        if apertium.installed:
            found.append(apertium)
        return FirstAble(found, self._translation_advice(), self._options.glossary)

    def _seq2seq(self, spec: ModelSpec) -> Seq2SeqTranslator:
        return self._once(
            f"translate {spec.name}",
            lambda: Seq2SeqTranslator(
                self._find(spec),
                name=spec.name,
                pairs=spec.pairs,
                device=self._options.device,
                threads=self._options.threads,
            ),
        )

    def _translation_advice(self) -> str:
        if self.specs(Task.TRANSLATE):
            return "Name another model in models.translate (see `parley models list`), or install Apertium's pair."
        return (
            f"The profile '{self._options.profile}' has no translator. Set models.profile to standard and run "
            "`parley models fetch`, name a translation model in models.translate, or install Apertium with this pair."
        )

    def _build_sentiment(self) -> SentimentClassifier:
        specs = self.specs(Task.SENTIMENT)
        if specs:
            return ClassifierSentiment(self._find(specs[0]), name=specs[0].name, device=self._options.device)
        weight = 0.1 if self._only(Task.GENERATE).name == "smollm2-135m-instruct" else 1.0
        weights = Weights(likelihood=weight)
        # Chinese goes by its words of feeling alone: with word-by-word glosses for the models it was judged worse.
        return EvidenceSentiment(self.generator(), self.embedder(), weights=weights)

    def _only(self, task: Task) -> ModelSpec:
        specs = self.specs(task)
        if not specs:
            raise UnsupportedLanguage(f"The profile '{self._options.profile}' has no model to {task}.")
        return specs[0]

    def _find(self, spec: ModelSpec) -> Path:
        return find(spec, self._options.models_dir)

    def _once(self, key: str, build: Callable[[], T]) -> T:
        with self._lock:
            if key not in self._built:
                self._built[key] = build()
            found: Any = self._built[key]
            return cast(T, found)
