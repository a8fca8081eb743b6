"""`parley serve`: every configured channel, in one process."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from bot.cli.output import note
from bot.cli.state import State, run_async

Only = Annotated[
    list[str] | None, typer.Option("--only", metavar="CHANNEL", help="telegram or discord; may be given again.")
]


def serve(context: typer.Context, only: Only = None) -> None:
    """Answer in every channel that has a token, until Ctrl-C or SIGTERM; SIGHUP changes models by parley.toml."""
    code = run_async(_serve(context.obj, only or []))
    if code:
        raise typer.Exit(code)


async def _serve(state: State, only: list[str]) -> int:
    from bot.bootstrap.channels import running_channels
    from bot.serving import Server, reloading_on_hangup, stopping_on_signals

    async with state.parley_async() as parley:
        runners = running_channels(parley, only, note)
        parley.prepare(note)
        stop_seconds = state.settings.turns.stop_seconds
        led = [parley.processes.led(runner, note) for runner in runners]
        server = Server(led, note, lambda: parley.reception.aclose(stop_seconds))
        async with parley.processes.opened():
            with stopping_on_signals(server), reloading_on_hangup(parley.reload_models, note):
                # The first question should not wait for the index and the embedder.
                writes_here = state.settings.turns.answered_by == "serve"
                warming = asyncio.create_task(asyncio.to_thread(parley.warm, note if writes_here else None))
                try:
                    return await server.run()
                finally:
                    await warming
