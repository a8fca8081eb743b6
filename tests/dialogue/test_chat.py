"""Free talk with the model."""

from __future__ import annotations

from bot.dialogue.manager import DialogueOptions
from bot.domain import Outcome, Persona
from bot.ports import Generator
from bot.skills.chat import ChatSkill
from bot.skills.write import WriteSkill
from models.engines.scripted import ScriptedGenerator
from tests.support.desk import Desk
from tests.support.doubles import NoModels


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
