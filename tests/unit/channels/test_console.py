"""The terminal chat, as (said, shown) pairs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import pytest

from bot.channels.console import ConsoleChat
from bot.dialogue.skill_book import SkillBook
from bot.domain import Completed, Event, Outcome, Reply, TurnState
from bot.skills import SkillRequest, Toolbox
from bot.skills.chat import ChatSkill
from bot.skills.service.forget import ForgetSkill
from bot.skills.service.language import LanguageSkill
from tests.support.desk import Desk
from tests.support.skills import EchoSkill


class ListScreen:
    """Keeps what a person would see, an entry a turn or sentence."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self._text = ""

    def working(self, step: str) -> None: ...

    def text(self, piece: str) -> None:
        self._text += piece

    def finished(self, reply: Reply) -> None:
        assert self._text == reply.text  # what was streamed is what is kept
        self.shown.append(self._text)
        self._text = ""

    def sentence(self, text: str) -> None:
        self._text = ""
        self.shown.append(text)

    def welcome(self, title: str, lead: str, questions: Sequence[str]) -> None:
        self.shown.append("\n".join((title, lead, *questions)))


class OfferingSkill(EchoSkill):
    """Offers two questions with each reply."""

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        async for event in super().run(request, tools):
            if isinstance(event, Completed):
                event = Completed(
                    Reply(event.reply.text, self.name, Outcome.UNKNOWN, "en", suggestions=("First?", "Second?"))
                )
            yield event


def chat_over(desk: Desk, screen: ListScreen) -> ConsoleChat:
    return ConsoleChat(
        desk.inbox, desk.conductor, desk.texts, desk.languages, desk.skills, screen, "console:test", "en"
    )


async def lines(*said: str) -> AsyncIterator[str]:
    for line in said:
        yield line


async def talk(*said: str, skill: EchoSkill | None = None) -> list[str]:
    screen = ListScreen()
    await chat_over(Desk([skill or EchoSkill(), ChatSkill()]), screen).run(lines(*said))
    return screen.shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (["one two"], ["one two"]),
        (["", "  ", "after silence"], ["after silence"]),
        (["hello", "你好"], ["Hello! What would you like to know?", "您好！想了解些什么？"]),
        (["/quit", "never said"], []),
        (["/nonsense"], ["I don't know the command /nonsense. /help lists those that I know."]),
        (["boom", "still here"], ["Something went wrong on my side, and I have noted it. Please try again.",
                                  "still here"]),
        (["x" * 9000], ["Your message is too long: 9000 characters, and at most 8000 fit. "
                        "Please shorten it, or send it as a file."]),
    ],
)  # fmt: skip
async def test_pairs(said: list[str], shown: list[str]) -> None:
    # Fluent groups digits by the language's custom.
    assert [text.replace("9,000", "9000").replace("8,000", "8000") for text in await talk(*said)] == shown


async def test_help_lists_every_skill_in_the_language_of_the_talk() -> None:
    english = await talk("/help")
    assert "/echo TEXT" in english[0] and "/chat" in english[0] and "/quit" in english[0]
    chinese = await talk("你好", "/help")
    assert "自由聊天" in chinese[1]


async def test_a_number_chooses_an_offered_question() -> None:
    skill = OfferingSkill()
    shown = await talk("What?", "2", "7", skill=skill)
    assert shown == ["What?", "Second?", "7"]


async def test_a_number_chooses_a_question_of_the_welcome() -> None:
    screen = ListScreen()
    chat = chat_over(Desk([EchoSkill(), ChatSkill()]), screen)
    chat.welcome("Parley", ["First?", "Second?"])
    await chat.run(lines("2"))
    assert screen.shown == ["Parley\nAsk anything about them, or choose by number:\nFirst?\nSecond?", "Second?"]


async def test_a_number_presses_a_choice() -> None:
    screen = ListScreen()
    desk = Desk([LanguageSkill(), ForgetSkill(), ChatSkill()])
    await chat_over(desk, screen).run(lines("/language", "1", "hello", "/forget", "1"))
    assert screen.shown[1:3] == ["从现在起我用中文回答。", "您好！想了解些什么？"]
    assert screen.shown[4].startswith("已删除这个对话里的 8 条消息。")


async def test_help_lists_each_installed_command_once_and_none_that_does_not_fit() -> None:
    screen = ListScreen()
    desk = Desk(list(SkillBook.installed()))
    await chat_over(desk, screen).run(lines("/help"))
    (shown,) = screen.shown
    commands = [line.split()[0] for line in shown.splitlines() if line.strip().startswith("/")]
    assert len(commands) == len(set(commands))
    assert {"/help", "/language", "/export", "/new"} <= set(commands)
    assert not {"/start", "/learn", "/pair"} & set(commands)


async def test_a_new_conversation_forgets_the_old_one() -> None:
    skill = EchoSkill()
    await talk("first", "second", "/new", "third", skill=skill)
    assert [len(request.history) for request in skill.requests] == [0, 2, 0]


async def test_an_interrupted_answer_is_kept_as_such_and_the_chat_goes_on() -> None:
    skill, screen = EchoSkill(), ListScreen()
    desk = Desk([skill])
    chat = chat_over(desk, screen)
    assert not chat.interrupt()
    running = asyncio.create_task(chat.run(lines("slow answer", "next")))
    await skill.started.wait()
    assert chat.interrupt()
    await running
    assert screen.shown[0] == "(stopped)"
    history = await desk.storage.read(lambda work: work.conversations.history("console:test", 9))
    turns = await desk.storage.read(lambda work: [work.turns.get(message.turn_id) for message in history])
    states = [turn.state for turn in turns if turn]
    assert states == [TurnState.INTERRUPTED, TurnState.INTERRUPTED, TurnState.ANSWERED, TurnState.ANSWERED]
