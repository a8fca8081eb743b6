"""The command's frame: its groups, its global options, and the one place where errors become sentences."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from traceback import print_exception
from typing import Annotated, cast

import typer

from bot import __version__
from bot.cli import access, evaluate, kb, model_commands, operate, talk, tasks, turns
from bot.cli.feedback import feedback
from bot.cli.output import note
from bot.cli.serve import serve
from bot.cli.state import State
from bot.cli.unanswered import unanswered
from bot.cli.worker import worker

HELP = "Parley answers from your own knowledge base, in Chinese and in English, on your own machine."

# Typer brings a Click of its own, or takes the installed one; either way this is the root of its usage errors.
_WRONG_WORDS = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[2])

app = typer.Typer(
    help=HELP, no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, rich_markup_mode=None
)
talk.register(app)
app.command()(serve)
tasks.register(app)
kb.app.command()(unanswered)
app.command()(feedback)
app.command()(worker)
app.add_typer(kb.app, name="kb")
app.add_typer(access.app, name="access")
app.add_typer(model_commands.app, name="models")
app.add_typer(evaluate.app, name="eval")
app.add_typer(operate.database, name="db")
app.add_typer(turns.app, name="turns")
operate.register(app)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"parley {__version__}")
        raise typer.Exit


@app.callback()
def _globals(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="The settings file; default: parley.toml here.")] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks and the log.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    context.obj = State(config=config, debug=debug or bool(os.environ.get("PARLEY_DEBUG")))


def run(arguments: list[str] | None = None) -> None:
    """Run a command line and exit: 0 done, 1 failed, 2 wrong words, 130 interrupted; see bot.errors for the others."""
    sys.exit(code_of(sys.argv[1:] if arguments is None else arguments))


def code_of(arguments: list[str]) -> int:
    """Run a command line and give its exit code; every error becomes one sentence on standard error."""
    debug = "--debug" in arguments or bool(os.environ.get("PARLEY_DEBUG"))
    # `--debug` is global but people put it last; it is taken from wherever it stands before a `--`.
    words = arguments[: arguments.index("--")] if "--" in arguments else arguments
    rest = arguments[len(words) :]
    ordered = [*(["--debug"] if "--debug" in words else []), *(word for word in words if word != "--debug"), *rest]
    _write_anything()
    try:
        return app(args=ordered, prog_name="parley", standalone_mode=False) or 0
    except _WRONG_WORDS as error:
        error.show()
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except Exception as error:  # noqa: BLE001 - the person gets a sentence, and with --debug the traceback
        if debug:
            print_exception(error)
        return _explain(error)


def _write_anything() -> None:
    """A character that the terminal's encoding lacks is written as its escape, instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _explain(error: Exception) -> int:
    from bot.cli.explain import explain

    sentence, code = explain(error)
    note(f"parley: {sentence}")
    return code
