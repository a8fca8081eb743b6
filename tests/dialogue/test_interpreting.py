"""Bilingual conversations: every message is answered with its translation, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain import Channel, Origin, User
from bot.skills.answer import AnswerSkill
from bot.skills.service.help import HelpSkill
from bot.skills.service.settings import SettingsSkill
from bot.skills.translate import TranslateSkill
from tests.support.desk import Desk, Seat
from tests.support.phrasebook import TranslatingModels

ANN = Seat(User(Channel.TELEGRAM, "1", "Ann"), "telegram:g", Origin(group=True, admin=True, locale="en"))
LI = Seat(User(Channel.TELEGRAM, "2", "Li"), "telegram:g", Origin(group=True, locale="zh"))
ON = "Here I translate every message between English, Chinese. /settings translate off ends it."


@pytest.fixture
def desk() -> Desk:
    skills = [AnswerSkill(), TranslateSkill(), SettingsSkill(), HelpSkill()]
    return Desk(skills, models=TranslatingModels())  # type: ignore[arg-type]


async def test_a_group_is_translated_both_ways_until_it_is_ended(desk: Desk) -> None:
    talk = [
        (ANN, "/settings translate en, zh", ON),
        (ANN, "Good morning!", "早上好！"),
        (LI, "早上好！ 我们什么时候见面？", "Good morning! When do we meet?"),
        (ANN, "At nine. Look here: https://a.example/x 🙂", "九点。看这里： https://a.example/x 🙂"),
        (LI, "你是谁？", "[你是谁？]"),  # no small talk, no answer: its translation only
        (ANN, "/settings translate off", "I no longer translate every message here."),
    ]
    for seat, said, answered in talk:
        assert await desk.say(said, seat=seat) == answered
    assert "The knowledge base is empty" in await desk.say("When do we meet?", seat=ANN)


async def test_what_has_no_words_is_not_answered(desk: Desk) -> None:
    await desk.say("/settings translate zh,en", seat=ANN)
    assert [await desk.say(said, seat=LI) for said in ("👍", "https://a.example", "12:30", "@ann")] == [""] * 4


async def test_of_three_languages_each_is_told_by_its_name(desk: Desk) -> None:
    await desk.say("/settings translate en zh de", seat=ANN)
    assert await desk.say("At nine.", seat=ANN) == "中文: 九点。\n\nDeutsch: Um neun."
    assert await desk.say("Wann treffen wir uns?", seat=ANN) == "English: When do we meet?\n\n中文: 我们什么时候见面？"


async def test_a_language_of_neither_is_translated_where_a_model_can(desk: Desk) -> None:
    await desk.say("/settings translate en, zh", seat=ANN)
    assert await desk.say("Guten Morgen! Wann treffen wir uns? Um neun.", seat=LI) == (
        "English: Good morning! When do we meet? At nine.\n\n中文: 早上好！我们什么时候见面？九点。"
    )
    assert await desk.say("Je voudrais rendre cet article demain matin, merci.", seat=LI) == ""


async def test_commands_work_as_everywhere(desk: Desk) -> None:
    await desk.say("/settings translate en, zh", seat=ANN)
    assert await desk.say("/translate de At nine.", seat=ANN) == "Um neun."
    quoting = replace(ANN, origin=replace(ANN.origin, quoted="Wann treffen wir uns?"))
    assert await desk.say("/translate zh", seat=quoting) == "我们什么时候见面？"
    assert "I translate every message" in await desk.say("/help", seat=ANN)
    assert ON in await desk.say("/settings", seat=ANN)


async def test_only_an_admin_sets_it_in_a_group_and_anyone_alone(desk: Desk) -> None:
    assert await desk.say("/settings translate en, zh", seat=LI) == "只有管理员可以更改我在这个群里何时回答。"
    assert "The knowledge base is empty" in await desk.say("When do we meet?", seat=ANN)
    alone = replace(LI, conversation="telegram:2", origin=Origin(locale="en"))
    assert await desk.say("/settings translate en, zh", seat=alone) == ON
    assert await desk.say("早上好！", seat=alone) == "Good morning!"


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("/settings translate en", "Name two to 4 languages"),
        ("/settings translate", "Name two to 4 languages"),
        ("/settings translate en, klingonish", "I don't know the language “klingonish”"),
        ("/settings translate en, fr", "I have no model that translates from English to French."),
    ],
)
async def test_what_cannot_be_done_is_said_when_it_is_set(desk: Desk, said: str, answered: str) -> None:
    assert answered in await desk.say(said, seat=ANN)
    assert await desk.say("/settings", seat=ANN) != ON


async def test_the_engine_is_told_who_asks_and_that_it_is_brief(desk: Desk) -> None:
    await desk.say("/settings translate en, zh", seat=ANN)
    await desk.say("Good morning!", seat=ANN)
    models = desk.models
    assert isinstance(models, TranslatingModels)
    (caller,) = models.phrasebook.callers
    assert caller.person and caller.priority < 0
