"""`parley feedback`: what people think of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.cli.output import note, print_json, say
from bot.cli.state import State, run_async

if TYPE_CHECKING:
    from bot.domain import Feedback


def feedback(
    context: typer.Context,
    only: Annotated[Literal["all", "good", "bad"], typer.Option("--only", help="all, good or bad.")] = "all",
    limit: Annotated[int, typer.Option("-n", min=1, max=1000, help="How many.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Show which answers people found good (👍) or bad (👎), newest first."""
    given = run_async(_read(context.obj, only, limit))
    for item in given:
        if as_json:
            print_json(
                {
                    "opinion": item.opinion,
                    "question": item.question,
                    "answer": item.answer,
                    "turn": item.turn_id,
                    "given_at": item.given_at.isoformat(),
                }
            )
        else:
            answer = " ".join(item.answer.split())
            say(f"{item.opinion:<4}  {item.question}\n      {answer[:160]}{'…' if len(answer) > 160 else ''}")
    if not given and not as_json:
        note("No one has said yet what they think of an answer.")


async def _read(state: State, only: str, limit: int) -> Sequence[Feedback]:
    from bot.domain import Opinion

    async with state.parley_async() as parley:
        opinion = None if only == "all" else Opinion(only)
        return await parley.store.read(lambda work: list(work.opinions.list(opinion, limit)))
