"""Which skill takes what."""

import pytest

from bot.dialogue.router import Router
from bot.dialogue.skill_book import SkillBook
from bot.errors import InvalidInput
from bot.skills.answer import AnswerSkill
from bot.skills.chat import ChatSkill
from bot.skills.classify import ClassifySkill
from bot.skills.sentiment import SentimentSkill
from bot.skills.service import SERVICE_SKILLS
from bot.skills.translate import TranslateSkill

BOOK = SkillBook([AnswerSkill(), ChatSkill(), TranslateSkill(), SentimentSkill(), ClassifySkill()])


@pytest.mark.parametrize(
    ("said", "skill", "text"),
    [
        ("How long does delivery take?", "answer", "How long does delivery take?"),
        ("/ask How long?", "answer", "How long?"),
        ("/ASK@parley_bot How long?", "answer", "How long?"),
        ("/translate zh Good morning", "translate", "Good morning"),
        ("/translate zh two\nlines", "translate", "two\nlines"),
        ("把“早上好”翻译成英文", "translate", "早上好"),
        ("/sentiment I love it", "sentiment", "I love it"),
        ("hello", "chat", "hello"),
        ("/classify a, b: text", "classify", "text"),
        ("a/b testing: what is it?", "answer", "a/b testing: what is it?"),
    ],
)
def test_routes(said: str, skill: str, text: str) -> None:
    route = Router(BOOK).route(said, "en")
    assert (route.skill.name, route.match.text) == (skill, text)


def test_a_persona_may_choose_another_default() -> None:
    assert Router(BOOK).route("Tell me a story", "en", default="chat").skill.name == "chat"


@pytest.mark.parametrize("said", ["/胡说", "/胡说 八道", "/ерунда", "/बकवास@parley_bot", "/nonsense"])
def test_a_command_in_any_script_is_told_to_be_unknown(said: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        Router(BOOK).route(said, "en")
    assert raised.value.values == {"name": said[1:].split()[0].split("@")[0]}


@pytest.mark.parametrize("said", ["/", "/usr/bin", "/2 of them", "/ 胡说", "/?"])
def test_a_slash_alone_makes_no_command(said: str) -> None:
    assert Router(BOOK).route(said, "en").skill.name == "answer"


def test_an_unknown_command_is_said_so() -> None:
    with pytest.raises(InvalidInput) as raised:
        Router(BOOK).route("/frobnicate now", "en")
    assert raised.value.text_id == "unknown-command"
    assert raised.value.values == {"name": "frobnicate"}


def test_a_skill_cannot_take_the_words_of_another(caplog: pytest.LogCaptureFixture) -> None:
    class Impostor(ChatSkill):
        name = "impostor"
        commands = ("ask",)

    book = SkillBook([AnswerSkill(), Impostor()])
    assert book.named("impostor") is None
    assert book.of_command("ask") is not None
    assert "impostor" in caplog.text


def test_parleys_own_skills_are_installed() -> None:
    names = {skill.name for skill in SkillBook.installed()}
    assert names >= {"answer", "chat", "translate", "sentiment", "classify", "summarise", "write"}
    assert names >= SERVICE_SKILLS
