"""Free talk with the model."""

from __future__ import annotations

import pytest

from bot.dialogue.manager import DialogueOptions
from bot.domain import Outcome, Persona
from bot.ports import Generator
from bot.skills import AnswerOptions
from bot.skills.absent import KnownWriters
from bot.skills.answer import AnswerSkill
from bot.skills.chat import ChatSkill
from bot.skills.write import WriteSkill
from models.engines.scripted import ScriptedGenerator
from tests.support.desk import Desk
from tests.support.doubles import NoModels
from tests.support.people import seat
from tests.support.personas import WRITER
from tests.support.shop import shop_knowledge


class OneGenerator(NoModels):
    def __init__(self, *script: str, languages: tuple[str, ...] = ("en",)) -> None:
        self.engine = ScriptedGenerator(script, languages=languages)

    async def generator(self) -> Generator:
        return self.engine

    def asked(self) -> list[tuple[str, str]]:
        return [(message.role, message.content) for message in self.engine.requests[-1].messages]


async def test_the_conversation_so_far_is_given_to_the_model() -> None:
    models = OneGenerator("Blue.", "You like blue.")
    desk = Desk([ChatSkill()], models=models)
    assert await desk.say("/chat What is your favourite colour?") == "Blue."
    assert await desk.say("/chat And what do I like?") == "You like blue."
    assert models.asked()[1:] == [
        ("user", "What is your favourite colour?"),
        ("assistant", "Blue."),
        ("user", "And what do I like?"),
    ]


async def test_a_persona_writes_with_its_adapter() -> None:
    models = OneGenerator("Blue.")
    persona = Persona("Ada", {"en": "You teach."}, adapter="tutor")
    desk = Desk([ChatSkill(), WriteSkill()], models=models, dialogue=DialogueOptions(persona=persona))
    for said in ("/chat What is your favourite colour?", "/write mail: meeting moved to Friday"):
        await desk.say(said)
        assert models.engine.requests[-1].adapter == "tutor"
    assert len(models.engine.requests) == 2


@pytest.mark.parametrize(("bound", "chat", "draft"), [(0, 256, 400), (50, 50, 50), (8000, 8000, 8000)])
async def test_the_operators_bound_is_that_of_every_text(bound: int, chat: int, draft: int) -> None:
    models = OneGenerator("Blue.")
    desk = Desk([ChatSkill(), WriteSkill()], models=models, options=AnswerOptions(max_new_tokens=bound))
    for said in ("/chat What is your favourite colour?", "/write mail: meeting moved to Friday"):
        await desk.say(said)
    assert [request.max_new_tokens for request in models.engine.requests] == [chat, draft]


async def test_what_the_model_cannot_read_is_left_out_of_its_context() -> None:
    models = OneGenerator("Good morning!")
    desk = Desk([ChatSkill()], models=models)
    await desk.say("你好")
    await desk.say("/chat Please say good morning to everybody here")
    assert [role for role, _ in models.asked()] == ["system", "user"]


async def test_a_model_that_does_not_write_the_language_says_so() -> None:
    reply = await Desk([ChatSkill()], models=OneGenerator("…")).reply("/chat 给我讲个故事吧，要长一点的")
    assert reply.outcome is Outcome.UNKNOWN
    assert "scripted" in reply.text and "中文" in reply.text


async def test_white_space_around_a_text_is_taken_off_on_the_way() -> None:
    events = await Desk([ChatSkill()], models=OneGenerator("\n\n Two  words \n\n")).events("/chat go")
    assert events[-1].reply.text == "Two  words"  # type: ignore[union-attr]


async def test_no_model_is_said_so() -> None:
    assert "parley doctor" in await Desk([ChatSkill()]).say("/chat hello there, old friend")


async def test_a_draft_gets_its_kind_and_its_notes() -> None:
    models = OneGenerator("Dear all, the meeting is on Friday.")
    desk = Desk([WriteSkill()], models=models)
    assert await desk.say("/write mail: meeting moved to Friday") == "Dear all, the meeting is on Friday."
    form = "a subject line, a greeting, short paragraphs and a closing"
    assert models.asked()[-1] == ("user", f"Write: mail, with {form}\nNotes: meeting moved to Friday")


SMALL = KnownWriters(writes=False, small=frozenset({"scripted"}))


async def test_a_draft_of_a_very_small_model_says_so() -> None:
    desk = Desk([WriteSkill()], models=OneGenerator("Dear all, the meeting is on Friday."), writers=SMALL)
    reply = await desk.reply("/write mail: meeting moved to Friday")
    assert "scripted is very small" in reply.notice
    assert "parley models fetch" in reply.notice
    told = (await desk.reply("/write mail: meeting moved to Friday", seat=seat())).notice
    assert "very small" in told
    assert "parley" not in told, "a visitor cannot change the settings"


async def test_a_draft_of_a_larger_model_goes_without_a_word() -> None:
    desk = Desk([WriteSkill()], models=OneGenerator("Dear all, the meeting is on Friday."))
    assert (await desk.reply("/write mail: meeting moved to Friday")).notice == ""


async def test_a_persona_that_drafts_leaves_questions_to_the_knowledge_base_where_the_model_is_very_small() -> None:
    def desk(writers: KnownWriters) -> Desk:
        return Desk(
            [AnswerSkill(), ChatSkill()],
            knowledge=shop_knowledge(),
            models=OneGenerator("Refunds take nine years."),
            options=AnswerOptions(curated_threshold=0.9, answerable_threshold=0.4),
            writers=writers,
            dialogue=DialogueOptions(persona=WRITER),
        )

    question, draft = "When is my refund paid?", "Short note to my aunt: happy birthday, see you soon"
    assert await desk(SMALL).say(question) == "The refund is paid within 5 working days."
    reply = await desk(SMALL).reply(draft)
    assert (reply.skill, "very small" in reply.notice) == ("chat", True)
    assert (await desk(KnownWriters()).reply(question)).skill == "chat"
