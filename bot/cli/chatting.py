"""The terminal chat: an editable line with history where there is a terminal, plain lines where there is a pipe."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing, contextmanager, suppress
from typing import TYPE_CHECKING

from bot.channels.console import ConsoleChat, Screen, new_conversation_id
from bot.cli.lines import standard_input_lines
from bot.cli.output import note
from bot.cli.screen import PlainScreen, TerminalScreen
from bot.cli.state import State

if TYPE_CHECKING:
    from bot.bootstrap import Parley


async def run_chat(state: State, conversation: str | None) -> int:
    """Chat until the input ends. Gives the exit code: with piped input, the highest of the lines that failed."""
    piped = not (sys.stdin.isatty() and sys.stdout.isatty())
    async with state.parley_async() as parley:
        parley.prepare(note)
        default = new_conversation_id() if piped else parley.settings.console.conversation
        exports = parley.settings.home / "exports"
        screen: Screen = PlainScreen(parley.texts, exports) if piped else TerminalScreen(parley.texts, folder=exports)
        chat = ConsoleChat(
            parley.inbox,
            parley.conductor,
            parley.texts,
            parley.languages,
            list(parley.skills),
            screen,
            conversation or default,
            spoken_here(os.environ) or parley.settings.dialogue.default_language,
        )
        if piped:
            async with aclosing(standard_input_lines()) as lines:
                await chat.run(lines)
            return chat.worst
        await _welcome(parley, chat)
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, chat.interrupt)
        # Loading takes as long as typing a question does.
        warming = asyncio.create_task(asyncio.to_thread(parley.warm))
        try:
            await chat.run(_typed_lines(parley))
        finally:
            await warming
        return 0  # who types has seen what failed


async def _typed_lines(parley: Parley) -> AsyncIterator[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.formatted_text import FormattedText
    from prompt_toolkit.shortcuts import CompleteStyle

    from bot.cli.line_history import LineHistory

    history = parley.settings.chat_history
    commands = [f"/{name}" for skill in parley.skills for name in skill.commands[:1]] + ["/new", "/quit"]
    session: PromptSession[str] = PromptSession(
        history=LineHistory(str(history)),
        # Tab lists the commands that begin so, under the line, and only then takes room.
        completer=WordCompleter(sorted(set(commands)), sentence=True),
        complete_while_typing=False,
        complete_style=CompleteStyle.READLINE_LIKE,
    )
    prompt = FormattedText([("bold ansigreen", f"{parley.settings.console.user} › ")])
    history.touch(mode=0o600)
    while True:
        try:
            line = await session.prompt_async(prompt, handle_sigint=False)
            with _no_echo():
                yield line
        except KeyboardInterrupt:  # Ctrl-C at the prompt empties the line
            continue
        except EOFError:
            return


@contextmanager
def _no_echo() -> Iterator[None]:
    """What is typed while an answer is written waits for the next prompt, and does not show inside the answer."""
    try:
        import termios
    except ImportError:  # Windows
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    quiet = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
    termios.tcsetattr(sys.stdin, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        with suppress(termios.error):  # the terminal may have gone
            termios.tcsetattr(sys.stdin, termios.TCSANOW, before)


async def _welcome(parley: Parley, chat: ConsoleChat) -> None:
    """What is there to ask, and where the conversation stood."""
    documents = await asyncio.to_thread(parley.store.knowledge.documents)
    titles = [(document.language, document.title) for document in documents if document.kind == "faq"]
    examples = shortest_of_each_language(titles, chat.language)
    history = await parley.store.run(lambda work: work.conversations.history(chat.conversation, 1))
    chat.welcome(chat.texts("console-title", chat.language, count=len(documents)), examples)
    if history:
        chat.screen.sentence(chat.texts("console-going-on", chat.language, conversation=chat.conversation))


def spoken_here(environment: Mapping[str, str]) -> str | None:
    """The language of the terminal by the POSIX variables, if Parley's own sentences are written in it.

    >>> spoken_here({"LANG": "zh_CN.UTF-8"}), spoken_here({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"})
    ('zh', None)
    """
    from bot.texts.catalogue import available_languages

    named = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environment.get(name))), "")
    language = named.replace("-", "_").partition("_")[0].casefold()
    return language if language in available_languages() else None


def shortest_of_each_language(titles: Iterable[tuple[str, str]], own: str = "") -> list[str]:
    """One title for each language, the person's own first, from pairs of language and title in whatever order."""
    examples: dict[str, str] = {}
    for language, title in sorted(titles, key=lambda pair: (pair[0] != own, pair[0], len(pair[1]), pair[1])):
        examples.setdefault(language, title)
    return list(examples.values())
