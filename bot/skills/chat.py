"""The skill `chat`: small talk, and free talk with the model where the person asks for it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from bot.domain import Event, Failed, Message, Outcome, Role
from bot.domain.text import without_command
from bot.ports import ChatMessage, GenerationRequest, Generator, Texts
from bot.skills.base import SkillMatch, SkillRequest, Toolbox
from bot.skills.events import plain
from bot.skills.generating import USUAL, sampling, stream_reply, writer_of
from bot.skills.parsing import within_reach

# Whole messages only: "hello, how do I return this?" is a question.
_SMALL_TALK = {
    "greeting": re.compile(
        r"(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening)|greetings)(?: there)?(?:,? parley)?"
        r"|你好|您好|嗨|哈喽|hello|在吗|在么|早上好|下午好|晚上好|早",
        re.IGNORECASE,
    ),
    "thanks": re.compile(
        r"(?:many )?thanks?(?: you)?(?: (?:so|very) much| a lot)?|thx|ty|cheers"
        r"|(?:多)?谢谢(?:你|您|啦|了)?|感谢|多谢|谢啦",
        re.IGNORECASE,
    ),
    "goodbye": re.compile(r"(?:good)?bye(?:[ -]?bye)?|see you(?: later)?|再见|拜拜|回头见", re.IGNORECASE),
    "who-are-you": re.compile(
        r"who are you|what are you|what is your name|what's your name|你是谁|您是谁|你叫什么(?:名字)?", re.IGNORECASE
    ),
}
_SYSTEM = {"en": "You are a friendly, concise assistant.", "zh": "你是一个友好、简洁的助手。"}
_PUNCTUATION = " \t\n.!?,~。！？，～…"


class ChatSkill:
    """Greetings are answered from the message catalogue, `/chat …` by the model with the conversation so far."""

    name = "chat"
    commands = ("chat",)

    def describe(self, language: str, texts: Texts) -> str:
        return texts("help-chat", language)

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest.strip())

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        bare = text.strip(_PUNCTUATION)
        for kind, pattern in _SMALL_TALK.items():
            if pattern.fullmatch(bare):
                return SkillMatch(0.95, text, {"small_talk": kind})
        return None

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        kind = request.arguments.get("small_talk")
        if kind:
            greeting = request.persona.greeting.get(request.language) if request.persona else None
            text = greeting if greeting and kind == "greeting" else tools.texts(kind, request.language)
            for event in plain(text, self.name, Outcome.CURATED, request.language):
                yield event
            return
        if not request.text:
            yield Failed(tools.texts("nothing-to-work-on", request.language), "empty")
            return
        within_reach(request)
        generator = await writer_of(request, tools)
        if isinstance(generator, str):
            for event in plain(generator, self.name, Outcome.UNKNOWN, request.language):
                yield event
            return
        chosen = sampling(request, tools)
        generation = GenerationRequest(
            _messages(request, _readable(request.history, generator, tools)),
            max_new_tokens=tools.options.longest(),
            temperature=chosen.temperature,
            seed=chosen.seed,
            person=request.person,
            adapter=request.persona.adapter if request.persona else None,
            priority=USUAL,
            repetition_penalty=1.1,  # small models fall into loops
        )
        drafting = request.persona is not None and request.persona.skill == self.name  # small talk may be wrong
        async with aclosing(
            stream_reply(generator, generation, request, self.name, tools if drafting else None)
        ) as events:
            async for event in events:
                yield event


def _readable(history: Sequence[Message], generator: Generator, tools: Toolbox) -> list[Message]:
    """What was said in languages that the model writes: the others would lead it astray."""
    if "*" in generator.languages:
        return list(history)
    return [
        message
        for message in history
        if (message.language or tools.languages.detect(message.text)) in generator.languages
    ]


def _messages(request: SkillRequest, history: Sequence[Message]) -> tuple[ChatMessage, ...]:
    persona = request.persona
    system = persona.instructions_for(request.language) if persona else _SYSTEM.get(request.language, _SYSTEM["en"])
    shots: list[ChatMessage] = []
    for asked, answered in persona.examples if persona else ():
        shots += ChatMessage("user", asked), ChatMessage("assistant", answered)
    return (
        ChatMessage("system", system),
        *shots,
        *_history(history),
        ChatMessage("user", request.text),
    )


def _history(messages: Sequence[Message]) -> list[ChatMessage]:
    return [
        ChatMessage("user", without_command(message.text))
        if message.role is Role.USER
        else ChatMessage("assistant", message.text)
        for message in messages
    ]
