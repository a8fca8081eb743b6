"""`parley models`: what the catalogue knows, what is on disk, and fetching it."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.output import note, print_json, say

if TYPE_CHECKING:
    from bot.settings import Settings
    from models.catalogue import ModelSpec
    from models.weights import WeightsStatus

app = typer.Typer(help="Models: list, fetch, check.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models that Parley knows, what is on disk, and what each task uses."""
    from bot.doors.models import chosen_and_wrong
    from models.catalogue import Task, catalogue, resolve
    from models.weights import status

    settings = context.obj.settings
    chosen, wrong = chosen_and_wrong(settings)
    for problem in wrong:  # the list is what helps to put it right
        note(str(problem))
    used = {spec.name: task for task, specs in chosen.items() for spec in specs}
    servers = [resolve(f"server:{name}", Task.GENERATE) for name in settings.models.servers]
    found = [*servers, *(spec for specs in chosen.values() for spec in specs)]
    specs = dict(catalogue().models) | {spec.name: spec for spec in found}
    for spec in specs.values():
        row = _row(status(spec, settings.models_dir), used.get(spec.name))
        if as_json:
            print_json(row)
        else:
            mark = row["engine"] if row["engine"] in ("server", "llama.cpp") else "on disk" if row["on_disk"] else "-"
            use = f"used: {row['used_for']}" if row["used_for"] else ""
            size = f"{(row['bytes'] or 0) / 1e6:,.0f} MB"
            say(f"{spec.name:<28} {','.join(row['tasks']):<20} {size:>10}  {mark:<9} {spec.licence:<16} {use}")
    if not as_json:
        say()
        for name, profile in catalogue().profiles.items():
            mark = "*" if name == settings.models.profile else " "
            say(f"{mark} profile {name}: {profile.description}")


def _row(found: WeightsStatus, used_for: str | None) -> dict[str, Any]:
    from models.catalogue import GgufSource, ServerSource

    spec: ModelSpec = found.spec
    engines = {ServerSource: "server", GgufSource: "llama.cpp"}
    return {
        "name": spec.name,
        "tasks": [task.value for task in spec.tasks],
        "languages": sorted(spec.languages),
        "licence": spec.licence,
        "on_disk": found.on_disk and not isinstance(spec.source, ServerSource),
        "server": isinstance(spec.source, ServerSource),
        "engine": engines.get(type(spec.source), "transformers"),
        "bytes": found.bytes or spec.disk_bytes,
        "used_for": used_for,
        "notes": spec.notes,
    }


@app.command()
def fetch(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A model's name or hub id; default: all that the profile uses."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a model, or all that the profile uses; what is there and whole is not fetched again."""
    from bot.doors.models import chosen_models
    from models.weights import location

    settings: Settings = context.obj.settings
    if name is None:
        specs = list({spec.name: spec for specs in chosen_models(settings).values() for spec in specs}.values())
    else:
        specs = [_named(name, settings)]
    for spec, fetched in fetch_all(specs, settings, thorough=True):
        if as_json:
            print_json({"name": spec.name, "state": fetched, "path": str(location(spec, settings.models_dir))})


def _named(name: str, settings: Settings) -> ModelSpec:
    """The model of that name: one that the settings chose, one of the catalogue, or a hub repository."""
    from bot.doors.models import chosen_models
    from bot.errors import NotFound
    from models.catalogue import Task, catalogue, resolve
    from models.errors import UnknownModel

    chosen = {spec.name: spec for specs in chosen_models(settings).values() for spec in specs}
    known = {**catalogue().models, **chosen}
    if name in known:
        return known[name]
    try:
        return resolve(name, Task.GENERATE)
    except UnknownModel:
        close = get_close_matches(name, known, n=1)
        hint = f"Did you mean {close[0]}?" if close else "See: parley models list"
        raise NotFound(f"There is no model “{name}”, nor is it a hub repository (owner/name). {hint}") from None


def fetch_all(specs: list[ModelSpec], settings: Settings, *, thorough: bool = False) -> Iterator[tuple[ModelSpec, str]]:
    """Fetch with a progress bar on standard error; gives each model with `there`, `fetched` or `mended`.

    Raises what is wrong with one that is the person's own when all others are fetched.
    """
    from bot.cli.progress import weights_progress
    from models.catalogue import FolderSource, GgufSource, ServerSource
    from models.errors import InvalidWeights
    from models.weights import ensure, status

    wrong: list[InvalidWeights] = []
    for spec in specs:
        if isinstance(spec.source, ServerSource):
            note(f"{spec.name}: a server, so there is nothing to fetch")
            continue
        if isinstance(spec.source, FolderSource | GgufSource):
            try:
                note(f"{spec.name}: your own, and whole, {ensure(spec, settings.models_dir, thorough=thorough)}")
                yield spec, "there"
            except InvalidWeights as error:
                wrong.append(error)
            continue
        before = status(spec, settings.models_dir, verify=thorough)
        if before.on_disk and not before.damaged:
            note(f"{spec.name}: on disk already, {before.path}")
            yield spec, "there"
            continue
        _check_online(spec, settings)
        with weights_progress(spec.name) as progress:
            path = ensure(spec, settings.models_dir, progress, thorough=thorough)
        state = "mended" if before.on_disk else "fetched"
        note(f"{spec.name}: {'damaged, so fetched again' if before.on_disk else 'fetched'}, {path}")
        yield spec, state
    for other in wrong[1:]:
        note(str(other))
    if wrong:
        raise wrong[0]


def _check_online(spec: ModelSpec, settings: Settings) -> None:
    from bot.errors import ModelUnavailable
    from models.weights import location

    if settings.models.offline:
        raise ModelUnavailable(
            f"The model {spec.name} is not whole on this machine, and models.offline forbids fetching it. "
            f"Put it into {location(spec, settings.models_dir)}, or set models.offline to false."
        )


@app.command()
def check(context: typer.Context, as_json: AsJson = False) -> None:
    """Compare every file of the chosen models with its checksum; ask the chosen servers whether they answer.

    Of a model that the catalogue does not know, its tokenizer, chat template and the names of its tensors are looked
    at, too, without loading it.

    Each address of a server has a line of its own; the server fails where none of them answers.
    """
    from bot.doors.models import chosen_models, examine_each

    settings = context.obj.settings
    bad = 0
    for task, specs in chosen_models(settings).items():
        for spec in specs:
            found = examine_each(spec, settings)
            well = sum(one.well for one in found)
            bad += not well
            for state, cure, address in found:
                if as_json:
                    where = {"url": address} if address else {}
                    print_json({"name": spec.name, "task": task, "state": state, "do": cure, **where})
                else:
                    more = cure or (address if len(found) > 1 else "")  # the sentence names the address
                    say(f"{task:<10} {spec.name:<28} {state}" + (f"  {more}" if more else ""))
            if 0 < well < len(found) and not as_json:
                note(f"{spec.name}: {well} of its {len(found)} addresses can be used, and that is enough to work.")
    if bad:
        raise typer.Exit(6)
