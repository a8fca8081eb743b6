"""`parley chat` and `parley ask`."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.lines import standard_input_lines
from bot.cli.output import citation_lines, note, print_json, reply_as_json, saved, say, told
from bot.cli.state import State, run_async

if TYPE_CHECKING:
    from bot.bootstrap import Parley
    from bot.domain import Reply

Conversation = Annotated[
    str | None, typer.Option("--conversation", help="Go on with this conversation; a new id begins one.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the app."""
    app.command()(chat)
    app.command()(ask)


def chat(context: typer.Context, conversation: Conversation = None) -> None:
    """Talk in the terminal. With piped input, a turn a line."""
    from bot.cli.chatting import run_chat

    code = run_async(run_chat(context.obj, conversation))
    if code:
        raise typer.Exit(code)


def ask(
    context: typer.Context,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The question; - reads one a line from standard input.")],
    as_json: AsJson = False,
    conversation: Conversation = None,
) -> None:
    """Ask one question and print the answer."""
    state: State = context.obj
    code = run_async(_ask_all(state, text, as_json, conversation))
    if code:
        raise typer.Exit(code)


async def _ask_all(state: State, text: str, as_json: bool, conversation: str | None) -> int:
    from bot.channels.console import new_conversation_id

    worst = 0
    async with state.parley_async() as parley:
        parley.prepare(note)
        if text != "-":
            return await _ask_one(parley, text, as_json, conversation or new_conversation_id())
        async with aclosing(standard_input_lines()) as lines:
            async for line in lines:
                if line.strip():
                    code = await _ask_one(parley, line, as_json, conversation or new_conversation_id())
                    worst = max(worst, code)
    return worst


async def _ask_one(parley: Parley, text: str, as_json: bool, conversation: str) -> int:
    """Answer one question. A text that cannot be worked on is told in its place, and does not end the others."""
    from bot.delivery.inbox import CONSOLE_USER
    from bot.domain import Completed, Failed
    from bot.errors import InvalidInput, exit_code_of

    try:
        turn = await parley.inbox.accept(CONSOLE_USER, conversation, text)
    except InvalidInput as error:
        return told(str(error), InvalidInput.exit_code, as_json)
    async with aclosing(parley.conductor.answer(turn)) as events:
        async for event in events:
            if isinstance(event, Completed):
                _print_reply(parley, event.reply, as_json, conversation)
            elif isinstance(event, Failed):
                return told(event.reason, exit_code_of(event.code), as_json)
    return 0


def _print_reply(parley: Parley, reply: Reply, as_json: bool, conversation: str) -> None:
    if as_json:
        print_json(reply_as_json(reply) | {"conversation": conversation})
        return
    say(reply.text)
    if reply.notice:
        say(reply.notice)
    if reply.suggestions:
        say(parley.texts("unknown-suggestions", reply.language))
    for suggestion in reply.suggestions:
        say(f"  - {suggestion}")
    for line in citation_lines(reply):
        say(line)
    if place := saved(reply, parley.settings.home / "exports"):
        say(parley.texts("saved-to", reply.language, path=str(place)))
