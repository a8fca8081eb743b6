"""Conversations over a small shop's knowledge base, as (said, answered) pairs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.dialogue.manager import DialogueOptions
from bot.domain import Completed, Outcome, Preferences, Role, TextDelta
from bot.ports import Generator
from bot.skills import AnswerOptions
from bot.skills.answer import AnswerSkill
from bot.skills.chat import ChatSkill
from bot.skills.translate import TranslateSkill
from models.engines.scripted import ScriptedGenerator
from models.errors import EngineFailed
from tests.support.desk import Desk
from tests.support.doubles import NoModels
from tests.support.shop import FAQ, shop_knowledge

RETURNS = "You can return any item within 30 days of delivery."
REFUND = "The refund is paid within 5 working days."
CHINESE_RETURNS = "签收后30天内可以退货。"


class OneGenerator(NoModels):
    """A profile whose only model is a generator."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    async def generator(self) -> Generator:
        return self._generator


def shop(script: str | None = None, **dialogue: object) -> Desk:
    """A desk over the shop; thresholds are fixed, since the toy embedder calibrates to none that people would use."""
    return Desk(
        [AnswerSkill(), ChatSkill(), TranslateSkill()],
        knowledge=shop_knowledge(),
        models=NoModels() if script is None else OneGenerator(ScriptedGenerator([script], languages=["en"])),
        options=AnswerOptions(curated_threshold=0.9, answerable_threshold=0.05),
        dialogue=DialogueOptions(**dialogue),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    "talk",
    [
        [("How long do I have to return an item?", RETURNS)],
        [("what is the RETURN period", RETURNS)],
        [("多久之内可以退货", CHINESE_RETURNS)],
        [("hello", "Hello! What would you like to know?"), ("How long does a refund take?", REFUND)],
        [("谢谢！", "不客气。"), ("退货期限是多少天?", CHINESE_RETURNS), ("When is my refund paid?", REFUND)],
    ],
)
async def test_conversations(talk: list[tuple[str, str]]) -> None:
    desk = shop()
    assert [(said, await desk.say(said)) for said, _ in talk] == talk


@pytest.mark.parametrize("question", ["What is the return period?", "How long do I have to return some item?"])
async def test_a_language_that_was_chosen_is_answered_in_where_the_entry_has_a_twin_in_it(question: str) -> None:
    desk = Desk(
        [AnswerSkill()],
        knowledge=shop_knowledge(FAQ.replace("id: return-window\n", "id: return-window.en\n")),
        options=AnswerOptions(curated_threshold=0.9, answerable_threshold=0.05),
        dialogue=DialogueOptions(language="zh"),
    )
    reply = await desk.reply(question)
    assert CHINESE_RETURNS in reply.text
    assert (reply.language, reply.notice) == ("zh", "")
    assert (await desk.reply("When is my refund paid?")).notice == "这条回答目前只有英语版本。"


async def test_a_question_without_words_is_asked_for_and_not_noted() -> None:
    desk = shop()
    assert await desk.say("/ask  ") == "There is no text to work on. Write it after the command."
    assert await desk.storage.read(lambda work: list(work.unanswered.list())) == []


async def test_a_curated_answer_is_cited_and_needs_no_model() -> None:
    reply = await shop().reply("What is the return period?")
    assert (reply.outcome, reply.model, reply.language) == (Outcome.CURATED, None, "en")
    assert [(citation.document, citation.passage) for citation in reply.citations] == [("return-window", RETURNS)]
    assert {"search", "total"} <= reply.timings_ms.keys()


async def test_an_article_is_answered_from_by_the_model_and_cited() -> None:
    reply = await shop("Parcels to Norway take seven days.").reply("How long do parcels to Norway take?")
    assert (reply.text, reply.outcome) == ("Parcels to Norway take seven days.", Outcome.GENERATED)
    assert reply.citations[0].document == "shipping"
    assert "Parcels to Norway take seven days." in reply.citations[0].passage
    assert reply.model == "scripted"


async def test_what_the_model_invents_is_replaced_by_the_article() -> None:
    reply = await shop("Parcels to Norway take two hours by drone.").reply("How long do parcels to Norway take?")
    assert reply.outcome is Outcome.QUOTED
    assert "seven days" in reply.text and "drone" not in reply.text


async def test_without_a_model_the_article_is_quoted() -> None:
    reply = await shop().reply("How long do parcels to Norway take?")
    assert reply.outcome is Outcome.QUOTED
    assert "Parcels to Norway take seven days." in reply.text


async def test_an_engine_that_fails_leaves_the_quotation() -> None:
    def break_down(messages: object) -> str:
        raise EngineFailed("out of memory")

    desk = shop("")
    desk.tools = replace(desk.tools, models=OneGenerator(ScriptedGenerator(break_down)))
    desk = replace(desk, models=OneGenerator(ScriptedGenerator(break_down)))
    reply = await desk.reply("How long do parcels to Norway take?")
    assert (reply.outcome, "seven days" in reply.text) == (Outcome.QUOTED, True)


async def test_an_unknown_question_is_said_so_noted_and_offered_neighbours() -> None:
    desk = shop()
    desk = replace(desk, options=AnswerOptions(curated_threshold=0.9, answerable_threshold=0.8))
    reply = await desk.reply("Do you sell gift vouchers for opening presents?")
    assert reply.outcome is Outcome.UNKNOWN
    assert reply.suggestions
    noted = await desk.storage.read(lambda work: list(work.unanswered.list()))
    assert [(question.text, question.times) for question in noted] == [
        ("Do you sell gift vouchers for opening presents?", 1)
    ]


async def test_an_empty_knowledge_base_says_how_to_fill_it() -> None:
    desk = Desk([AnswerSkill()])
    assert "parley kb add" in await desk.say("How long does it take?")


async def test_what_is_streamed_is_what_is_kept() -> None:
    desk = shop("We ship to Norway, Sweden and Denmark. Parcels to Norway take seven days. We love parcels.")
    events = await desk.events("Which countries do you ship parcels to?")
    completed = events[-1]
    assert isinstance(completed, Completed)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == completed.reply.text
    history = await desk.storage.read(lambda work: work.conversations.history("console:test", 5))
    assert [message.role for message in history] == [Role.USER, Role.ASSISTANT]
    assert history[1].text == completed.reply.text
    assert history[1].citations == completed.reply.citations


async def test_the_reply_language_can_be_fixed() -> None:
    said = await shop(language="zh").say("hello")
    assert said == "您好！想了解些什么？"


async def test_a_person_can_prefer_a_language() -> None:
    desk = shop()
    await desk.say("hello")
    turn = await desk.storage.run(lambda work: work.conversations.history("console:test", 1))
    user_id = (await desk.storage.run(lambda work: work.turns.get(turn[0].turn_id))).user_id  # type: ignore[union-attr]
    await desk.storage.run(lambda work: work.users.set_preferences(user_id, Preferences(language="zh")))
    assert await desk.say("hello") == "您好！想了解些什么？"


async def test_translation_without_a_model_is_refused_and_glossed() -> None:
    reply = await shop().reply("/translate en 早上好")
    assert reply.outcome is Outcome.UNKNOWN
    assert "models.profile" in reply.text
    assert "zǎo" in reply.text.lower()
    assert reply.data["translated"] is False


async def test_an_emoji_does_not_bring_the_last_answer_again() -> None:
    desk = shop()
    await desk.say("What is the return period?")
    reply = await desk.reply("😀😀")
    assert (reply.outcome, reply.citations) == (Outcome.UNKNOWN, ())
