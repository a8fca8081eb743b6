"""`parley db`, `parley doctor`, `parley init` and `parley setup`: what an operator runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.copying import copy
from bot.cli.health import health
from bot.cli.output import note, print_json, say
from bot.cli.state import State

database = typer.Typer(help="The database: upgrade, current, copy.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    for command in (doctor, health, init, setup):
        app.command()(command)
    database.command()(copy)


@database.command()
def upgrade(context: typer.Context, as_json: AsJson = False) -> None:
    """Bring the database to this version; an SQLite file is copied first."""
    from bot.storage import migrate

    url = context.obj.settings.storage_url
    before = migrate.current(url)
    copy = migrate.upgrade(url)
    after = migrate.current(url)
    if as_json:
        print_json({"before": before, "current": after, "copy": str(copy) if copy else None})
        return
    say(f"The database is at revision {after}." + ("" if before != after else " Nothing was to be done."))
    if copy:
        say(f"It was copied before, to {copy}")


@database.command()
def current(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the database's revision, and this version's."""
    from bot.storage import migrate

    url = context.obj.settings.storage_url
    found, head = migrate.current(url), migrate.head()
    if as_json:
        print_json({"current": found, "head": head})
    else:
        say(f"database: {found or 'none yet'}; this version of Parley: {head}")


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Check everything, and say what to do about each finding."""
    from bot.doctor import examine

    state: State = context.obj
    failed = 0
    for finding in examine(state.settings):
        failed += finding.state == "fail"
        if as_json:
            print_json({"check": finding.check, "state": finding.state, "found": finding.found, "do": finding.advice})
        else:
            sign = {"ok": "✓", "warn": "!", "fail": "✗"}[finding.state]
            say(f"{sign} {finding.check}: {finding.found}")
            if finding.advice:
                say(f"    → {finding.advice}")
    if failed:
        raise typer.Exit(1)


def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to write parley.toml.")] = Path(),
    yes: Annotated[bool, typer.Option("--yes", help="Take the defaults without asking.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a parley.toml that is there.")] = False,
) -> None:
    """Ask a few questions and write a commented parley.toml."""
    from bot.errors import UsageError
    from bot.settings.file import render_toml

    target = folder / "parley.toml"
    if target.exists() and not force:
        raise UsageError(f"{target} is there already. Use --force to replace it.")
    answers = {} if yes else _ask_settings()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        target.write_text(render_toml(answers), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{target} cannot be written ({error.strerror}). Name another folder.") from None
    say(f"Wrote {target}. Next, in that folder: parley setup, then parley kb add PATH, then parley chat")


def _ask_settings() -> dict[str, object]:
    """Wrong answers are asked again, by the same rules as the file's."""
    from models.catalogue import catalogue

    answers: dict[str, object] = {}
    if home := typer.prompt("Folder for data (Enter: the platform's own)", default="", show_default=False).strip():
        answers["home"] = home
    profiles = catalogue().profiles
    say("Models that Parley can use:")
    for name, profile in profiles.items():
        say(f"  {name}: {profile.description}")
    models = {
        "profile": typer.prompt("Profile", default="embedded", value_proc=_one_of(*profiles)),
        "device": typer.prompt(
            "Where models run: auto, cpu or cuda (auto takes a GPU if there is one)",
            default="auto",
            value_proc=_one_of("auto", "cpu", "cuda"),
        ),
    }
    language = typer.prompt(
        "Language of replies: auto, en or zh (auto follows the message)",
        default="auto",
        value_proc=_one_of("auto", "en", "zh"),
    )
    return answers | {"models": models, "dialogue": {"language": language}}


def _one_of(*choices: str) -> Callable[[str], str]:
    """What reads an answer that must be one of these; another one is asked again."""

    def chosen(answer: str) -> str:
        if answer.strip().lower() not in choices:
            raise typer.BadParameter(f"write one of: {', '.join(choices)}")
        return answer.strip().lower()

    return chosen


def setup(
    context: typer.Context,
    example: Annotated[
        str | None, typer.Option(help="Index this example if the knowledge base is empty: llm-faq, shop-faq.")
    ] = None,
) -> None:
    """Fetch the profile's models, upgrade the database and, if wished, index an example; repeat as you like."""
    from bot.cli.model_commands import fetch_all
    from bot.doors.models import missing_models
    from bot.examples_folder import example_folder

    state: State = context.obj
    folder = example_folder(example) if example else None
    missing = missing_models(state.settings)
    for _ in fetch_all(missing, state.settings):
        pass
    with state.parley() as parley:
        parley.prepare(note)
        if folder is None:
            return
        documents = parley.store.knowledge.documents()
        if any(Path(document.source).is_relative_to(folder) for document in documents):
            return  # it was indexed before
        if documents:
            note(f"The knowledge base is not empty, so the example was left out. To add it: parley kb add {folder}")
        else:
            added = [outcome for outcome in parley.ingestor.add([folder]) if outcome.document_id]
            parley.searcher.refresh()
            note(f"Indexed the example {example}: {len(added)} documents.")
