"""A plain-language check of everything that Parley needs, with what to do about each finding."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.errors import ParleyError
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.storage.vector_support import Support

LOW_DISK_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `ok`, `warn` (works, but look at it) or `fail`; `advice` says what to do, empty where nothing is."""

    check: str
    state: Literal["ok", "warn", "fail"]
    found: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Run every check; one that breaks becomes a finding itself."""
    for name, check in _CHECKS.items():
        try:
            yield from check(settings)
        except (ParleyError, OSError) as error:
            yield Finding(name, "fail", str(error))


def _python(settings: Settings) -> Iterator[Finding]:
    yield Finding("python", "ok", f"{platform.python_version()} on {sys.platform}, {os.cpu_count()} cores")


def _settings(settings: Settings) -> Iterator[Finding]:
    found = f"read from {settings.config_file}" if settings.config_file else "the defaults; no parley.toml here"
    yield Finding("settings", "ok", found, "" if settings.config_file else "To change them: parley init")


def _home(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    home.mkdir(parents=True, exist_ok=True)
    if not os.access(home, os.W_OK):
        yield Finding(
            "data folder", "fail", f"{home} cannot be written", "Give this user the right, or set PARLEY_HOME."
        )
        return
    free = shutil.disk_usage(home).free
    low = free < LOW_DISK_BYTES
    yield Finding(
        "data folder",
        "warn" if low else "ok",
        f"{home}, {free / 1e9:,.1f} GB free",
        "Free some disk space: models and the index need about 1 GB." if low else "",
    )


def _database(settings: Settings) -> Iterator[Finding]:
    from bot.masking import mask
    from bot.storage import migrate
    from bot.storage.soundness import damage

    url, head = settings.storage_url, migrate.head()
    place = mask(url)
    if found := damage(url):
        yield Finding("database", "fail", f"{place} is damaged ({found})", _DAMAGED)
        return
    if migrate.check(url):
        yield Finding("database", "ok", f"{place} at revision {head}")
        return
    found = migrate.current(url)
    if found is None:
        yield Finding(
            "database", "warn", f"{place} is not there yet", "It comes with the first start; or run: parley setup"
        )
    else:
        yield Finding("database", "warn", f"{place} at revision {found}, not {head}", "Run: parley db upgrade")


_DAMAGED = (
    "Stop Parley, keep the file aside, and put a backup in its place. Without one, SQLite's own shell saves what can "
    "still be read: sqlite3 OLD .recover | sqlite3 NEW"
)


def _models(settings: Settings) -> Iterator[Finding]:
    from bot.doors.models import chosen_models, examine_model
    from models.catalogue import GgufSource

    for task, specs in chosen_models(settings).items():
        for spec in specs:
            state, cure = examine_model(spec, settings)
            name = f"model for {task}"
            if state == "whole":
                on = ", on llama.cpp" if isinstance(spec.source, GgufSource) else ""
                yield Finding(name, "ok", f"{spec.name} ({spec.licence}){on}")
            elif state == "answers":
                # A cure tells of a replica that does not answer beside one that does.
                yield Finding(name, "warn" if cure else "ok", f"{spec.name} answers", cure)
            else:
                yield Finding(name, "fail", f"{spec.name} is {state}", cure)
        if not specs:
            yield Finding(
                f"model for {task}",
                "warn" if task == "translate" else "ok",
                f"the profile {settings.models.profile} has none of its own",
                _WITHOUT.get(task, "See: parley models list"),
            )


_WITHOUT = {
    "translate": "Parley says so, and glosses between Chinese and English. To translate, set models.profile to "
    "standard, then run: parley models fetch",
    "sentiment": "The generator and the embedder judge in its place; name a model in models.sentiment to do better.",
}


def _device(settings: Settings) -> Iterator[Finding]:
    from models.devices import describe_device

    report = describe_device(settings.models.device)
    if report.usable:
        yield Finding("device", "ok", report.description)
    else:
        advice = 'Set models.device = "auto", or mend the GPU\'s driver.'
        yield Finding("device", "fail", f"{report.description}, and models.device asks for one", advice)

    unused = settings.models.quantisation
    if unused != "none" and report.kind == "cpu":
        yield Finding(
            "quantisation", "warn", f"{unused} is set, and a CPU does not use it", 'Set models.quantisation = "none".'
        )


def _personas(settings: Settings) -> Iterator[Finding]:
    from bot.bootstrap import Parley
    from bot.doors.adapters import personas_at_fault

    book = Parley(settings).personas
    offered = [persona for name in book.names() if (persona := book.get(name)) is not None]
    faults = personas_at_fault(offered, settings)
    for persona, cure in faults:
        yield Finding(f"persona {persona.name}", "fail", f"its adapter “{persona.adapter}” is not there", cure)
    if not faults:
        yield Finding("personas", "ok", ", ".join(persona.name for persona in offered) or "none")


def _knowledge(settings: Settings) -> Iterator[Finding]:
    from bot.bootstrap import Parley

    parley = Parley(settings)
    try:
        yield from _vectors(parley.store.knowledge.vector_support())
        documents = parley.store.knowledge.documents()
        if not documents:
            yield Finding("knowledge base", "warn", "empty", "Run: parley kb add PATH")
            return
        faq = sum(document.kind.value == "faq" for document in documents)
        languages = ", ".join(sorted({document.language for document in documents}))
        yield Finding("knowledge base", "ok", f"{faq} FAQ entries, {len(documents) - faq} articles ({languages})")
    finally:
        asyncio.run(parley.aclose())


def _turns(settings: Settings) -> Iterator[Finding]:
    from bot.bootstrap import Parley
    from bot.bootstrap.turn_checks import check_turns

    parley = Parley(settings)
    try:
        said, look = check_turns(parley.store)
    finally:
        asyncio.run(parley.aclose())
    yield Finding("turns", "warn" if look else "ok", said, "See: parley turns" if look else "")


def _workers(settings: Settings) -> Iterator[Finding]:
    from bot.bootstrap.turn_checks import WORKER_WITHIN, check_workers

    found = check_workers(settings)
    if found:
        yield Finding("workers", "ok", "one has answered")
    elif found is not None:
        yield Finding(
            "workers",
            "fail",
            f"none has answered within {WORKER_WITHIN:.0f} s: none runs, or all are busy",
            "Start one more: parley worker",
        )


def _vectors(support: Support | None) -> Iterator[Finding]:
    """Where the vectors of a PostgreSQL are searched; an SQLite database has one process, whose own index serves."""
    if support is None:
        return
    if support.why_not:
        yield Finding("vector index", "warn", f"each process has its own: {support.why_not}", support.advice)
    else:
        yield Finding("vector index", "ok", f"all processes share one (pgvector {support.version})")


def _telegram(settings: Settings) -> Iterator[Finding]:
    yield _channel(settings, "telegram")


def _discord(settings: Settings) -> Iterator[Finding]:
    yield _channel(settings, "discord")


def _channel(settings: Settings, name: str) -> Finding:
    from bot.bootstrap.checks import check_channel

    found = check_channel(settings, name)
    if found is None:
        return Finding(name, "ok", f"no token, so it does not run; docs/how-to/{name}.md says how to get one")
    bot, advice = found
    return Finding(name, "warn" if advice else "ok", bot, advice)


_CHECKS: dict[str, Callable[[Settings], Iterator[Finding]]] = {
    "python": _python,
    "settings": _settings,
    "data folder": _home,
    "database": _database,
    "models": _models,
    "device": _device,
    "personas": _personas,
    "knowledge base": _knowledge,
    "turns": _turns,
    "workers": _workers,
    "telegram": _telegram,
    "discord": _discord,
}
