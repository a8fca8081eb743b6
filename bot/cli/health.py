"""`parley health`: whether this Parley's database is there and fits, for a container's health check."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.output import print_json, say
from bot.cli.state import State

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def health(context: typer.Context, as_json: AsJson = False) -> None:
    """Say in an instant whether the database can be reached and is at this version's revision; exits with 4 if not."""
    from bot.errors import StorageError
    from bot.storage import revisions

    state: State = context.obj
    url = state.settings.storage_url
    if not revisions.check(url):
        found = revisions.current(url)
        there = f"at revision {found}, not {revisions.head()}" if found else "not there yet"
        raise StorageError(f"The database is {there}. Run: parley db upgrade")
    if as_json:
        print_json({"database": "ok", "revision": revisions.head()})
    else:
        say(f"ok: the database is at revision {revisions.head()}")
