"""`parley access`: who may talk to Parley, and who waits to be let in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bot.cli.output import note, print_json, say
from bot.cli.state import State, run_async

if TYPE_CHECKING:
    from bot.domain import Access, AccessState, User
    from bot.ports import UnitOfWork

app = typer.Typer(help="Who may talk to Parley: list, pair, allow, ban, remove.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Person = Annotated[str, typer.Argument(metavar="PERSON", help="A channel and the person's id there: telegram:123456.")]

T = TypeVar("T")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """Show everyone about whom something was decided, and those who wait with a pairing code."""
    entries = _run(context.obj, lambda work: list(work.access.list()))
    for entry in entries:
        _print(entry, as_json)
    if not entries and not as_json:
        note("Nobody yet. With access.policy = open everyone is answered who is not banned.")


@app.command()
def pair(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="The pairing code that the person was shown.")],
    as_json: AsJson = False,
) -> None:
    """Let in the person who was shown this code."""
    from bot.domain import AccessState, Channel
    from bot.errors import NotFound

    def confirm(work: UnitOfWork) -> Access:
        for channel in Channel:
            found = work.access.by_code(channel, code.strip().upper())
            if found is not None:
                return work.access.set(found.user.id, AccessState.ALLOWED, datetime.now(UTC))
        raise NotFound(f"No one waits with the code {code}. See: parley access list")

    _print(_run(context.obj, confirm), as_json)


@app.command()
def allow(context: typer.Context, person: Person, as_json: AsJson = False) -> None:
    """Let a person in."""
    from bot.domain import AccessState

    _print(_run(context.obj, _deciding(person, AccessState.ALLOWED)), as_json)


@app.command()
def ban(context: typer.Context, person: Person, as_json: AsJson = False) -> None:
    """Answer a person with silence from now on."""
    from bot.domain import AccessState

    _print(_run(context.obj, _deciding(person, AccessState.BANNED)), as_json)


@app.command()
def remove(context: typer.Context, person: Person) -> None:
    """Forget what was decided about a person; access.policy holds for them again."""

    def forget(work: UnitOfWork) -> None:
        work.access.remove(work.users.ensure(_user(person)).id)

    _run(context.obj, forget)
    say(f"{person}: nothing is decided any more.")


def _deciding(person: str, state: AccessState) -> Callable[[UnitOfWork], Access]:
    def decide(work: UnitOfWork) -> Access:
        return work.access.set(work.users.ensure(_user(person)).id, state, datetime.now(UTC))

    return decide


def _user(person: str) -> User:
    from bot.domain import Channel, User
    from bot.errors import UsageError

    channel, _, external_id = person.partition(":")
    if channel not in {Channel.TELEGRAM, Channel.DISCORD} or not external_id.strip("-").isdigit():
        raise UsageError(f"{person} names no one; write telegram:ID or discord:ID, for example telegram:123456.")
    return User(Channel(channel), external_id)


def _run(state: State, work: Callable[[UnitOfWork], T]) -> T:
    async def run() -> T:
        async with state.parley_async() as parley:
            return await parley.store.run(work)

    return run_async(run())


def _print(entry: Access, as_json: bool) -> None:
    person = f"{entry.user.channel}:{entry.user.external_id}"
    if as_json:
        print_json(
            {
                "person": person,
                "name": entry.user.display_name,
                "state": entry.state,
                "code": entry.code,
                "since": entry.since.isoformat(),
            }
        )
        return
    code = f"  code {entry.code}" if entry.code else ""
    say(f"{entry.state:<8} {person}  {entry.user.display_name}{code}")
