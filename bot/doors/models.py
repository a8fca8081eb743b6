"""The door to the models: which the settings choose, each opened at its first use, their errors as Parley's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from bot.errors import ModelUnavailable, SettingsError
from bot.ports import Classifier, Generator, SentimentClassifier, Summariser, Translator
from models.errors import ModelError

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.settings.tree import ModelsSettings
    from models.catalogue import ModelSpec
    from models.registry import Registry

T = TypeVar("T")
State = Literal["whole", "damaged", "missing", "unrunnable", "answers", "silent"]
"""How a chosen model is found: its files, whether they could run here, or whether its server answers."""

_SETTINGS = {
    "generate": "generator",
    "embed": "embedder",
    "translate": "translator",
    "sentiment": "sentiment",
    "rerank": "reranker",
}


def named_models(models: ModelsSettings) -> dict[str, str]:
    """What the settings name in place of the profile's models, by task."""
    named = {task: getattr(models, setting) for task, setting in _SETTINGS.items()}
    return {task: name for task, name in named.items() if name}


def chosen_models(settings: Settings) -> dict[str, list[ModelSpec]]:
    """The models of each task: the profile's, or what the settings name in their place. Raises SettingsError."""
    chosen, wrong = chosen_and_wrong(settings)
    if wrong:
        raise wrong[0]
    return chosen


def chosen_and_wrong(settings: Settings) -> tuple[dict[str, list[ModelSpec]], list[SettingsError]]:
    """The same, with what is wrong with the tasks that are left out. Raises SettingsError for an unknown profile."""
    from models.catalogue import Task, catalogue, resolve

    profiles = catalogue().profiles
    if settings.models.profile not in profiles:
        raise SettingsError(f"models.profile is “{settings.models.profile}”; allowed: {', '.join(profiles)}.")
    profile = profiles[settings.models.profile]
    chosen: dict[str, list[ModelSpec]] = {}
    wrong: list[SettingsError] = []
    named = named_models(settings.models)
    for task in map(Task, _SETTINGS):
        own = named.get(task, "")
        names = [name.strip() for name in own.split(",") if name.strip()] or profile.models[task]
        if task is Task.RERANK and not names:
            continue  # it is an extra, which nobody misses
        try:
            chosen[task.value] = [resolve(name, task) for name in names]
        except ModelError as error:
            wrong.append(SettingsError(f"models.{_SETTINGS[task]}: {error}"))
    return chosen, wrong


def missing_models(settings: Settings) -> list[ModelSpec]:
    """The chosen models that are not on disk, each once."""
    from models.weights import status

    specs = {spec.name: spec for chosen in chosen_models(settings).values() for spec in chosen}
    return [spec for spec in specs.values() if not status(spec, settings.models_dir).on_disk]


def check_device(settings: Settings) -> None:
    """Make sure that the models which run here have the device that the settings ask for. Raises ModelUnavailable."""
    from models.catalogue import ServerSource
    from models.devices import check_device as check

    if all(isinstance(spec.source, ServerSource) for specs in chosen_models(settings).values() for spec in specs):
        return
    try:
        check(settings.models.device)
    except ModelError as error:
        raise ModelUnavailable(str(error)) from error


class Examined(NamedTuple):
    """How a model's files, or one replica of its server, were found, and what to do (empty if all is well)."""

    state: State
    cure: str
    address: str = ""  # of the replica

    @property
    def well(self) -> bool:
        return self.state in ("whole", "answers")


def needed_models(settings: Settings) -> list[ModelSpec]:
    """The missing ones without which Parley cannot work: of several generators, one that is there is enough."""
    missing = missing_models(settings)
    chosen = chosen_models(settings)
    chain = chosen.get("generate", [])
    spared = [] if all(spec in missing for spec in chain) else chain
    others = [spec for task, specs in chosen.items() if task != "generate" for spec in specs]
    return [spec for spec in missing if spec not in spared or spec in others]


def examine_model(spec: ModelSpec, settings: Settings) -> tuple[State, str]:
    """Read every byte of a model, or ask its server: its state, and what to do about it (empty if all is well).

    A server answers where one of its replicas does; what the others lack is told all the same.
    """
    found = examine_each(spec, settings)
    cure = " ".join(dict.fromkeys(one.cure for one in found if one.cure))
    return next((one.state for one in found if one.well), found[0].state), cure


def examine_each(spec: ModelSpec, settings: Settings) -> list[Examined]:
    """The same, for each replica of a server. The model can be used where one of them is well."""
    from models.catalogue import ServerSource, Task

    if not isinstance(spec.source, ServerSource):
        state, cure = examine_weights(spec, settings.models_dir)
        cure = cure or _fault(spec, settings)
        return [Examined("unrunnable" if cure and state == "whole" else state, cure)]
    from bot.doors.servers import examine_server

    asked = examine_server(spec.source.server, settings, embeds=Task.EMBED in spec.tasks)
    return [Examined("silent" if cure else "answers", cure, address) for address, cure in asked]


def _fault(spec: ModelSpec, settings: Settings) -> str:
    """Why a model whose files are whole could not run here; empty if it could."""
    from bot.doors.options import model_options
    from models.registry import Registry

    try:
        Registry(model_options(settings)).check(spec)
    except ModelError as error:
        return str(error)
    return ""


def examine_weights(spec: ModelSpec, models_dir: Path) -> tuple[State, str]:
    """Read every byte of a model: its state, and what to do about it (empty if whole). Models that the catalogue does
    not know are also examined for what would keep them from running.
    """
    from models.catalogue import FolderSource, GgufSource, catalogue
    from models.engines.llamacpp_engine import check_llamacpp
    from models.examine import check_runs
    from models.weights import ensure, find, status

    own = isinstance(spec.source, FolderSource | GgufSource)
    found = status(spec, models_dir, verify=not own)
    fetch = f"Run: parley models fetch {spec.name}"
    if not found.on_disk:
        return "missing", fetch
    if found.damaged:
        return "damaged", fetch
    try:
        folder = ensure(spec, models_dir, thorough=True) if own else find(spec, models_dir)
    except ModelError as error:  # a folder of the person's own, which cannot be fetched
        return "damaged", str(error)
    try:
        if isinstance(spec.source, GgufSource):
            check_llamacpp()
        elif catalogue().models.get(spec.name) != spec:  # known to run as long as its checksums hold
            check_runs(spec, folder)
    except ModelError as error:
        return "unrunnable", str(error)
    return "whole", ""


class ModelsDoor:
    """`bot.ports.Models` over the registry; loading happens in a thread."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def generator(self) -> Generator:
        return await self._open(self._registry.generator)

    async def translator(self, source: str, target: str) -> Translator:
        translator = await self._open(self._registry.translator)
        if not translator.supports(source, target):
            raise ModelUnavailable(f"No model of the profile translates from {source} to {target}.")
        return translator

    async def sentiment(self) -> SentimentClassifier:
        return await self._open(self._registry.sentiment)

    async def classifier(self) -> Classifier:
        return await self._open(self._registry.classifier)

    async def summariser(self) -> Summariser:
        return await self._open(self._registry.summariser)

    async def _open(self, build: Callable[[], T]) -> T:
        try:
            return await asyncio.to_thread(build)
        except ModelError as error:
            raise ModelUnavailable(str(error)) from error
