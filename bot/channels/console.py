"""The terminal as a channel: a line is a turn, events become text as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

from bot.delivery.conductor import Conductor
from bot.delivery.inbox import CONSOLE_USER, Inbox
from bot.domain import Channel, Completed, Failed, Reply, TextDelta, Working
from bot.errors import InvalidInput, exit_code_of
from bot.ports import LanguageTools, Texts
from bot.skills import Skill
from bot.skills.service.help import fitting

STEPS = frozenset({"searching", "writing", "judging", "summarising", "waiting"})
"""What is said in the person's language while it is done; another skill's own steps are shown as they are."""


class Screen(Protocol):
    """Where a console chat is written: a terminal, a pipe, or a list in tests."""

    def working(self, step: str) -> None: ...

    def text(self, piece: str) -> None: ...

    def finished(self, reply: Reply) -> None: ...

    def sentence(self, text: str) -> None:
        """A sentence of Parley's own: help, an error, a greeting."""
        ...

    def welcome(self, title: str, lead: str, questions: Sequence[str]) -> None:
        """What stands before the first prompt: a title line, and questions to choose from by number."""
        ...


@dataclass(slots=True)
class ConsoleChat:
    """A conversation in the terminal. `lines` gives what the person types; the chat ends with it, or by `/quit`.

    `worst` is the highest exit code of what failed so far; 0 where nothing did.
    """

    inbox: Inbox
    conductor: Conductor
    texts: Texts
    languages: LanguageTools
    skills: list[Skill]
    screen: Screen
    conversation: str
    language: str = "en"
    worst: int = field(default=0, init=False)
    _suggestions: tuple[str, ...] = field(default=(), init=False)
    _answering: asyncio.Task[None] | None = field(default=None, init=False)

    async def run(self, lines: AsyncIterator[str]) -> None:
        """Answer line by line until there are no more."""
        async for line in lines:
            text = line.strip()
            if not text:
                continue
            if text in {"/quit", "/exit"}:
                return
            await self._turn(text)

    def welcome(self, title: str, questions: Sequence[str]) -> None:
        """Show the title line and questions that a bare number asks."""
        self._suggestions = tuple(questions)
        lead = self.texts("console-begin", self.language) if questions else ""
        self.screen.welcome(title, lead, questions)

    def interrupt(self) -> bool:
        """Stop the answer that is being given; False if there is none."""
        if self._answering is None or self._answering.done():
            return False
        self._answering.cancel()
        return True

    async def _turn(self, text: str) -> None:
        local = self._local_commands().get(text)
        if local is not None:
            local()
            return
        text = self._suggested(text)
        # Kept for the chat's own sentences: the dialogue finds the language of each turn by itself.
        self.language = self.languages.detect(text, self.language)
        self._answering = asyncio.ensure_future(self._answer(text))
        try:
            await self._answering
        except asyncio.CancelledError:
            chat = asyncio.current_task()
            if chat is not None and chat.cancelling():  # the chat itself was cancelled, and the answer with it
                raise
            self.screen.sentence(self.texts("interrupted", self.language))

    async def _answer(self, text: str) -> None:
        try:
            turn = await self.inbox.accept(CONSOLE_USER, self.conversation, text)
        except InvalidInput as error:
            self.worst = max(self.worst, error.exit_code)
            self.screen.sentence(self.texts(error.text_id, self.language, **error.values))
            return
        async with aclosing(self.conductor.answer(turn)) as events:
            async for event in events:
                match event:
                    case Working(step):
                        self.screen.working(self.texts(f"step-{step}", self.language) if step in STEPS else step)
                    case TextDelta(piece):
                        self.screen.text(piece)
                    case Completed(reply):
                        self._suggestions = (*reply.suggestions, *(choice.text for choice in reply.choices))
                        self.screen.finished(reply)
                    case Failed(reason, code):
                        self.worst = max(self.worst, exit_code_of(code))
                        self.screen.sentence(reason)

    def _local_commands(self) -> dict[str, Callable[[], None]]:
        return {"/help": self._help, "/new": self._new}

    def _help(self) -> None:
        own = [self.texts(f"help-{name}", self.language) for name in ("help", "new", "quit")]
        fit = fitting(self.skills, Channel.CONSOLE, admin=False)
        skills = [skill.describe(self.language, self.texts) for skill in fit if skill.name != "help"]
        self.screen.sentence("\n".join((self.texts("help-intro", self.language), *(f"  {x}" for x in skills + own))))

    def _new(self) -> None:
        self.conversation = new_conversation_id()
        self._suggestions = ()
        self.screen.sentence(self.texts("new-conversation", self.language))

    def _suggested(self, text: str) -> str:
        """A bare number chooses one of the questions or choices that were offered last."""
        if text.isdecimal() and 1 <= int(text) <= len(self._suggestions):
            return self._suggestions[int(text) - 1]
        return text


def new_conversation_id() -> str:
    """An id for a new console conversation, short enough to type."""
    return f"console:{uuid4().hex[:8]}"
