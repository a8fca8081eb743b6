"""`parley kb unanswered`: what people asked that the knowledge base does not answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import note, print_json, say
from bot.cli.state import State, run_async

if TYPE_CHECKING:
    from bot.domain import UnansweredQuestion


def unanswered(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    limit: Annotated[int, typer.Option("-n", min=1, max=1000, help="How many questions.")] = 50,
) -> None:
    """Show what people asked that the knowledge base does not answer, most often asked first."""
    questions = run_async(_read(context.obj, limit))
    for question in questions:
        if as_json:
            print_json(
                {
                    "question": question.text,
                    "language": question.language,
                    "times": question.times,
                    "best_confidence": round(question.best_confidence, 4),
                    "nearest_document": question.nearest_document,
                    "last_asked_at": question.last_asked_at.isoformat(),
                }
            )
        else:
            nearest = f"  (nearest: {question.nearest_document})" if question.nearest_document else ""
            say(f"{question.times:>4} ×  {question.text}{nearest}")
    if not questions and not as_json:
        note("No question has gone unanswered.")


async def _read(state: State, limit: int) -> Sequence[UnansweredQuestion]:
    async with state.parley_async() as parley:
        return await parley.store.read(lambda work: list(work.unanswered.list(limit)))
