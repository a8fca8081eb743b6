"""`parley db copy`: the whole database to another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import print_json, say
from bot.cli.state import State

if TYPE_CHECKING:
    from bot.storage.copying.run import Step

To = Annotated[
    str, typer.Option("--to", metavar="URL", help="The other database, empty: postgresql+psycopg://… or sqlite:///…")
]
Restart = Annotated[bool, typer.Option("--restart", help="Throw away a copy that was broken off, and begin anew.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def copy(context: typer.Context, to: To, restart: Restart = False, as_json: AsJson = False) -> None:
    """Copy everything to another database, and compare both; run it again where it was broken off."""
    from bot.settings.secrets import with_password
    from bot.storage.copying.run import copy as run
    from bot.storage.engine import parse, where_of

    state: State = context.obj
    to = with_password(to, state.settings.database_password)
    with _progress() as tell:
        done = run(state.settings.storage_url, to, tell, restart=restart)
    where, rows = where_of(parse(to)), sum(one.content.rows for one in done)
    for one in done:
        if as_json:
            print_json({"table": one.table, "rows": one.content.rows, "sha256": one.content.sha256})
        else:
            say(f"{one.content.rows:>12,}  {one.table}")
    if as_json:
        print_json({"to": where, "tables": len(done), "rows": rows})
    else:
        say(f"{rows:,} rows in {len(done)} tables are in {where}; counts and SHA-256 of each are equal.")
        say("Next: name it in database_url, and start Parley.")


@contextmanager
def _progress() -> Iterator[Callable[[Step], None]]:
    """A line on standard error, which goes away when all is done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def tell(step: Step) -> None:
            bar.update(task, description=f"{step.doing} {step.table}", completed=step.done, total=step.total)

        yield tell
