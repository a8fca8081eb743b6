"""`parley worker`: answers turns that `parley serve` takes in and delivers, on this machine or another."""

from __future__ import annotations

import asyncio

import typer

from bot.cli.output import note
from bot.cli.state import State, run_async


def worker(context: typer.Context) -> None:
    """Answer turns for `parley serve` until Ctrl-C or SIGTERM; needs PostgreSQL and turns.answered_by = "workers"."""
    run_async(_work(context.obj))


async def _work(state: State) -> None:
    from bot.serving import reloading_on_hangup, until_signal

    async with state.parley_async() as parley:
        parley.processes.check_work()
        parley.prepare(note)
        warming = asyncio.create_task(asyncio.to_thread(parley.warm, note))
        try:
            note("worker: ready")
            with reloading_on_hangup(parley.reload_models, note):
                await until_signal(parley.processes.work(), note)
        finally:
            await warming
