"""Changing models while Parley runs: what differs in the settings is swapped, the rest waits for the next start."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.doors.models import chosen_models, missing_models, named_models
from bot.ports import Writers
from bot.settings import Settings, load_settings
from models.errors import ModelError
from models.memory import gigabytes

if TYPE_CHECKING:
    from models.catalogue import ModelSpec
    from models.registry import Registry

_SWAPPED = ("generate", "translate", "sentiment", "rerank")
_FIXED = ("profile", "device", "threads", "memory_gb", "context_tokens", "quantisation", "adapters", "servers")
_QUOTED = "quoted from now on, for a model of that size answers worse (dialogue.writing)"


async def reload_models(settings: Settings, registry: Registry, writers: Writers) -> tuple[list[str], Settings]:
    """Give what to tell the operator, with what is in memory, and the settings as they are now. `writers` goes by the
    registry.

    Raises SettingsError, and changes nothing.
    """
    fresh = load_settings(settings.config_file, os.environ)
    chosen = chosen_models(fresh)
    before, after = named_models(settings.models), named_models(fresh.models)
    lines: list[str] = []
    wrote = writers.writes
    done: dict[str, str | None] = {}
    other_profile = fresh.models.profile != settings.models.profile  # what it chooses waits for the next start, too
    for task in _SWAPPED:
        if before.get(task) == after.get(task) or (other_profile and not after.get(task)):
            continue
        names = ", ".join(spec.name for spec in chosen.get(task, [])) or "none"
        try:
            await registry.swap(task, after.get(task, ""))
        except ModelError as error:
            lines.append(f"{task}: stays as it is. {error}")
        else:
            lines.append(f"{task}: {names} from now on")
            done[_setting(task)] = getattr(fresh.models, _setting(task))
    if writers.writes != wrote:
        lines.append(f"Answers from articles: {_QUOTED if wrote else 'written from now on'}")
    lines += _embedder_waits(registry.specs("embed"), chosen["embed"], fresh)
    waiting = [name for name in _FIXED if getattr(settings.models, name) != getattr(fresh.models, name)]
    if waiting:
        lines.append(f"At the next start: {', '.join(f'models.{name}' for name in waiting)}")
    models = settings.models.model_copy(update=done)
    lines = lines or ["The models are as they were."]
    lines.append(await asyncio.to_thread(in_memory, registry))
    return lines, settings.model_copy(update={"models": models})


def in_memory(registry: Registry) -> str:
    """A line that says which models are loaded, what each takes of the memory for models, and which are at work."""
    loaded = [state for state in registry.state() if state.loaded and state.bytes]
    if not loaded:
        return "In memory: no model."
    each = (f"{one.name} ({gigabytes(one.bytes)}{', at work' if one.users else ''})" for one in loaded)
    taken = gigabytes(sum(one.bytes for one in loaded))
    return f"In memory: {', '.join(each)}; {taken} of {gigabytes(registry.budget)} for models."


def _embedder_waits(now: Sequence[ModelSpec], then: Sequence[ModelSpec], fresh: Settings) -> list[str]:
    """What to do about another embedder, with which this process cannot read the vectors of its index."""
    if list(now) == list(then):
        return []
    names = [", ".join(spec.name for spec in specs) for specs in (now, then)]
    line = f"embed: stays {names[0]}. Restart Parley for {names[1]}, with which it then embeds the knowledge base anew"
    missing = [spec.name for spec in missing_models(fresh) if spec in then]
    return [f"{line}. First run: parley models fetch {' '.join(missing)}" if missing else line]


def _setting(task: str) -> str:
    return {"generate": "generator", "translate": "translator", "rerank": "reranker"}.get(task, task)
