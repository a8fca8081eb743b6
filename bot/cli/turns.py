"""`parley turns`: what waits to be answered or delivered, and what went wrong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.output import note, print_json, say
from bot.cli.state import State, run_async

if TYPE_CHECKING:
    from bot.delivery.troubles import Noted

app = typer.Typer(help="What waits to be answered or delivered, what went wrong; retry.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


@app.callback(invoke_without_command=True)
def turns(
    context: typer.Context,
    as_json: AsJson = False,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Show also what people asked, and what they were told.")
    ] = False,
    limit: Annotated[int, typer.Option("-n", min=1, max=10_000, help="How many of each kind.")] = 100,
) -> None:
    """Show the turns that wait, failed, cannot be delivered, or are in doubt; people's words only with --show-text."""
    if context.invoked_subcommand is not None:
        return
    now, found = datetime.now(UTC), run_async(_look(context.obj, limit))
    for noted in found:
        if as_json:
            print_json(_as_json(noted, now, show_text))
        else:
            _say(noted, now, show_text)
    if not found and not as_json:
        note("No turn waits, and none is in trouble.")


@app.command()
def retry(
    context: typer.Context,
    ids: Annotated[list[int], typer.Argument(metavar="ID…", help="The turns, as `parley turns` names them.")],
    as_json: AsJson = False,
) -> None:
    """Answer a failed turn anew, or try again to deliver one; a running `parley serve` takes it up within a minute."""
    from bot.cli.output import told
    from bot.errors import NotFound

    code = 0
    for turn_id, done in run_async(_again(context.obj, ids)).items():
        if not done:
            reason = f"The turn {turn_id} neither failed nor is undeliverable. See: parley turns"
            code = told(reason, NotFound.exit_code, as_json)
        elif as_json:
            print_json({"turn": turn_id, "retry": True})
        else:
            say(f"The turn {turn_id} is taken up again by `parley serve`.")
    if code:
        raise typer.Exit(code)


async def _look(state: State, limit: int) -> list[Noted]:
    from bot.delivery.troubles import look

    async with state.parley_async() as parley:
        return await parley.store.read(lambda work: look(work, limit))


async def _again(state: State, ids: list[int]) -> dict[int, bool]:
    async with state.parley_async() as parley:
        return await parley.store.run(lambda work: {turn_id: work.deliveries.again(turn_id) for turn_id in ids})


def _say(noted: Noted, now: datetime, show_text: bool) -> None:
    turn = noted.turn
    age = _age((now - turn.received_at).total_seconds())
    say(f"{turn.id:>6}  {noted.why:<13} {turn.channel:<9} {age:>8}  {noted.explanation}")
    if show_text:
        for text in (turn.text, turn.reason):
            if text:
                say(f"        {' '.join(text.split())}")


def _as_json(noted: Noted, now: datetime, show_text: bool) -> dict[str, Any]:
    turn = noted.turn
    return {
        "turn": turn.id,
        "why": noted.why,
        "explanation": noted.explanation,
        "channel": turn.channel,
        "bot": turn.bot,
        "conversation": turn.conversation_id,
        "received_at": turn.received_at.isoformat(),
        "age_seconds": round((now - turn.received_at).total_seconds()),
        "state": turn.state,
        "delivery": turn.delivery,
        "attempts": turn.attempts,
        "excused": turn.excused,
        "repeated": noted.repeated,
        "left": noted.left,
        **({"text": turn.text, "reason": turn.reason} if show_text else {}),
    }


def _age(seconds: float) -> str:
    """In the largest unit that fits.

    >>> _age(59), _age(3600 * 30), _age(3600 * 50)
    ('59 s', '30 h', '2 d')
    """
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
