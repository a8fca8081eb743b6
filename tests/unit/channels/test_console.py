"""The terminal chat, as (said, shown) pairs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path

import pytest

import bot.skills
from bot.channels.console import STEPS, ConsoleChat
from bot.dialogue.skill_book import SkillBook
from bot.domain import Completed, Event, Outcome, Reply, TurnState, Working
from bot.skills import SkillRequest, Toolbox
from bot.skills.chat import ChatSkill
from bot.skills.service.forget import ForgetSkill
from bot.skills.service.language import LanguageSkill
from bot.texts.catalogue import FluentTexts
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


class StepsScreen(ListScreen):
    def __init__(self) -> None:
        super().__init__()
        self.steps: list[str] = []

    def working(self, step: str) -> None:
        self.steps.append(step)


class SteppingSkill(EchoSkill):
    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        for step in ("judging", "waiting", "polishing"):  # the last one is no step of ours
            yield Working(step)
        async for event in super().run(request, tools):
            yield event


async def test_steps_are_said_in_the_persons_language() -> None:
    screen = StepsScreen()
    await chat_over(Desk([SteppingSkill()]), screen).run(lines("this is English", "这是一句中文"))
    assert screen.steps == [
        "judging", "waiting for the language model", "polishing",
        "正在判断", "正在等候语言模型", "polishing",
    ]  # fmt: skip


def test_every_step_of_our_skills_is_said() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(bot.skills.__path__[0]).rglob("*.py"))
    assert set(re.findall(r'Working\("(\w+)"', source)) == STEPS
    for language in ("en", "zh"):
        assert all(FluentTexts()(f"step-{step}", language) for step in STEPS)


@pytest.mark.parametrize(
    ("said", "worst"),
    [(["fine"], 0), (["fine", "boom", "fine"], 7), (["x" * 9000, "fine"], 2), (["x" * 9000, "boom"], 7)],
)
async def test_the_worst_failure_is_known_at_the_end(said: list[str], worst: int) -> None:
    chat = chat_over(Desk([EchoSkill()]), ListScreen())
    await chat.run(lines(*said))
    assert chat.worst == worst


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
