"""The mood of a conversation: kept where the operator wants it, told to who asks, gone with /forget."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.dialogue.manager import DialogueOptions
from bot.domain import Channel, Origin, User
from bot.domain.mood import MOOD, mood_of
from bot.errors import ModelUnavailable
from bot.ports import Caller, Prediction, SentimentClassifier
from bot.skills.generating import BRIEF
from bot.skills.sentiment import SentimentSkill
from bot.skills.service.forget import ForgetSkill
from models.types import NOBODY
from tests.support.desk import Desk, Seat
from tests.support.doubles import NoModels
from tests.support.skills import EchoSkill

HERE = "telegram:1"
ANN = Seat(User(Channel.TELEGRAM, "1", "Ann"), HERE, Origin(locale="en"))


class Feeling(NoModels):
    """Judges by one word; `slow` never ends."""

    name = "feeling"

    def __init__(self) -> None:
        self.judged: list[str] = []
        self.callers: list[Caller] = []
        self.broken = False

    async def sentiment(self) -> SentimentClassifier:
        if self.broken:
            raise ModelUnavailable("No model.")
        return self

    async def judge(
        self, texts: Sequence[str], language: str | None = None, caller: Caller = NOBODY
    ) -> list[Prediction]:
        self.judged += texts
        self.callers.append(caller)
        if "for ever" in texts[0]:
            await asyncio.Event().wait()
        return [self._judged(text) for text in texts]

    @staticmethod
    def _judged(text: str) -> Prediction:
        label = "positive" if "great" in text else "negative" if "awful" in text else "neutral"
        others = {name: 0.1 for name in ("positive", "neutral", "negative") if name != label}
        return Prediction(label, 0.8, {label: 0.8, **others})


def desk(mood: bool = True) -> tuple[Desk, Feeling]:
    models = Feeling()
    skills = [EchoSkill(), SentimentSkill(), ForgetSkill()]
    return Desk(skills, models=models, default_skill="echo", dialogue=DialogueOptions(mood=mood)), models


async def values(made: Desk) -> dict[str, str]:
    return dict(await made.storage.read(lambda work: work.conversations.values(HERE)))


async def test_the_mood_follows_what_is_said() -> None:
    made, models = desk()
    for said in ("this is great", "it is awful", "awful again", "awful, awful"):
        assert await made.say(said, seat=ANN) == said
    mood = mood_of(await values(made))
    assert (mood.messages, mood.low) == (4, True)
    assert mood.trend < 0
    assert len(models.judged) == 4
    assert {caller.person for caller in models.callers} == {"1"}


async def test_it_is_kept_only_where_the_operator_wants_it() -> None:
    made, models = desk(mood=False)
    await made.say("it is awful", seat=ANN)
    assert (await values(made), models.judged) == ({}, [])


async def test_commands_have_no_feeling_and_a_missing_model_is_no_trouble() -> None:
    made, models = desk()
    await made.say("/echo awful", seat=ANN)
    assert models.judged == []
    models.broken = True
    assert await made.say("awful", seat=ANN) == "awful"
    assert MOOD not in await values(made)


async def test_an_answer_does_not_wait_for_ever_for_the_mood(monkeypatch: object) -> None:
    import bot.dialogue.feeling as feeling

    made, _ = desk()
    patience, feeling.PATIENCE = feeling.PATIENCE, 0.01
    try:
        assert await made.say("wait for ever", seat=ANN) == "wait for ever"
    finally:
        feeling.PATIENCE = patience
    assert MOOD not in await values(made)


async def test_who_asks_is_told_how_the_last_messages_feel() -> None:
    made, models = desk(mood=False)
    assert "no text" in await made.say("/sentiment", seat=ANN)
    for said in ("this is great", "great too", "it is awful", "so awful", "awful"):
        await made.say(said, seat=ANN)
    reply = await made.reply("/sentiment", seat=ANN)
    assert reply.text == "Your last 5 messages: negative, and getting worse."
    assert reply.data["messages"] == 5
    assert models.callers == [Caller("1", BRIEF)] * 5


async def test_forgetting_takes_the_mood_with_it() -> None:
    made, _ = desk()
    await made.say("it is awful", seat=ANN)
    assert MOOD in await values(made)
    await made.say("/forget here", seat=ANN)
    await made.say("/forget yes", seat=ANN)
    assert MOOD not in await values(made)
