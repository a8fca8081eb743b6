"""What a message quotes or brings along is worked on, and what it quotes is part of the talk."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain import Outcome, Preferences
from bot.ports import Classifier, Generator, SentimentClassifier, Summariser, Translator
from bot.skills import AnswerOptions, Skill
from bot.skills.answer import AnswerSkill
from bot.skills.chat import ChatSkill
from bot.skills.classify import ClassifySkill
from bot.skills.sentiment import SentimentSkill
from bot.skills.summarise import SummariseSkill
from bot.skills.translate import TranslateSkill
from bot.skills.write import WriteSkill
from models.engines.scripted import ScriptedGenerator
from models.errors import ContextTooLong
from models.types import NOBODY, Caller, GenerationRequest, Prediction, Summary, Translation
from tests.support.desk import Desk
from tests.support.doubles import NoModels
from tests.support.people import ANN, BO, seat
from tests.support.shelf import Shelf
from tests.support.shop import shop_knowledge
from tests.support.skills import EchoSkill


class Noting(NoModels):
    """A model for each task, which notes what it was given to work on."""

    name = "noting"

    def __init__(self) -> None:
        self.worked_on: list[tuple[str, ...]] = []
        self.engine = ScriptedGenerator(["A text."])

    async def generator(self) -> Generator:
        return self.engine

    async def translator(self, source: str, target: str) -> Translator:
        return self  # type: ignore[return-value]

    async def translate(self, texts: list[str], source: str, target: str, caller: object = None) -> list[Translation]:
        self.worked_on.append((texts[0], source, target))
        return [Translation(f"[{target}] {texts[0]}", source, target, self.name)]

    async def sentiment(self) -> SentimentClassifier:
        return self  # type: ignore[return-value]

    async def judge(self, texts: list[str], language: str, caller: Caller) -> list[Prediction]:
        self.worked_on.append((texts[0],))
        return [Prediction("positive", 0.9)]

    async def classifier(self) -> Classifier:
        return self  # type: ignore[return-value]

    async def classify(
        self, texts: list[str], labels: list[str], examples: object = None, caller: Caller = NOBODY
    ) -> list[Prediction]:
        self.worked_on.append((texts[0], *labels))
        return [Prediction(labels[0], 0.8)]

    async def summariser(self) -> Summariser:
        return self  # type: ignore[return-value]

    async def summarise(self, sentences: list[str], language: str, length: int = 3, *_: object) -> Summary:
        self.worked_on.append(tuple(sentences))
        return Summary(sentences[0], True, "none", (0,))

    extract = summarise


def skills() -> list[Skill]:
    return [
        AnswerSkill(), ChatSkill(), TranslateSkill(), SentimentSkill(), ClassifySkill(), SummariseSkill(), WriteSkill()
    ]  # fmt: skip


def office(models: NoModels, **more: object) -> Desk:
    options = AnswerOptions(curated_threshold=0.9, answerable_threshold=0.05)
    return Desk(skills(), models=models, options=options, knowledge=shop_knowledge(), **more)  # type: ignore[arg-type]


GERMAN = "Ich liebe diesen Laden und komme gerne wieder."


@pytest.mark.parametrize(
    ("said", "locale", "worked_on"),
    [
        ("/translate", "en", (GERMAN, "de", "en")),
        ("/translate", "zh", (GERMAN, "de", "zh")),
        ("/translate fr", "en", (GERMAN, "de", "fr")),
        ("/translate fr Hello there, friend", "en", ("Hello there, friend", "en", "fr")),
        ("/sentiment", "en", (GERMAN,)),
        ("/classify praise, complaint", "en", (GERMAN, "praise", "complaint")),
        ("/summarize", "en", (GERMAN,)),
    ],
)
async def test_the_quoted_message_is_worked_on(said: str, locale: str, worked_on: tuple[str, ...]) -> None:
    models = Noting()
    await office(models).reply(said, seat=seat(locale=locale, quoted=GERMAN))
    assert models.worked_on == [worked_on]


async def test_the_reply_is_in_the_persons_language_not_in_the_quoted_one() -> None:
    desk = office(Noting())
    assert await desk.say("/sentiment", seat=seat(locale="zh", quoted=GERMAN)) == "正面（90%）"
    person = await desk.storage.run(lambda work: work.users.ensure(ANN))
    await desk.storage.run(lambda work: work.users.set_preferences(person.id, Preferences("en")))
    assert await desk.say("/sentiment", seat=seat(locale="zh", quoted=GERMAN)) == "positive (90 %)"


async def test_a_quoted_question_is_answered() -> None:
    reply = await office(NoModels()).reply("/ask", seat=seat(quoted="How long does a refund take?"))
    assert (reply.text, reply.outcome) == ("The refund is paid within 5 working days.", Outcome.CURATED)


@pytest.mark.parametrize("said", ["/write", "/write mail"])
async def test_quoted_notes_are_written_out(said: str) -> None:
    models = Noting()
    await office(models).reply(said, seat=seat(quoted="meeting moved to Friday"))
    first, notes = models.engine.requests[0].messages[-1].content.splitlines()
    assert first.startswith("Write: mail, with " if "mail" in said else "Write: a text")
    assert notes == "Notes: meeting moved to Friday"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("/translate", "Which language? Write, for example: /translate zh Good morning"),
        ("/translate zh", "There is no text to work on. Write it after the command."),
        ("/sentiment", "There is no text to work on. Write it after the command."),
        ("/classify a, b", "Write the labels, a colon and the text: /classify billing, delivery: Where is my parcel?"),
        ("/write", "Write the kind, a colon and your notes: /write mail: meeting moved to Friday 10:00, apologise"),
    ],
)
async def test_with_nothing_quoted_the_way_is_told(said: str, reason: str) -> None:
    assert await office(Noting()).say(said, seat=seat()) == reason


async def test_the_first_readable_file_is_worked_on(tmp_path: Path) -> None:
    shelf, models = Shelf(tmp_path), Noting()
    files = (shelf.file("photo.png", b"\x89"), shelf.file("note.md", "# Title\n\nWe open at nine."))
    desk = office(models, library=shelf.library)
    await desk.reply("/summarise", seat=seat(files=files))
    assert models.worked_on == [("We open at nine.",)]
    assert (await desk.say("/summarise", seat=seat(files=files[:1]))).startswith("I cannot read this kind of file.")
    assert (await desk.say("/summarise", seat=seat(locale="zh", files=files[:1]))).startswith("我读不了这种文件。")


async def test_a_caption_does_not_hide_its_file(tmp_path: Path) -> None:
    shelf, models = Shelf(tmp_path), Noting()
    desk = office(models, library=shelf.library)
    note, photo = shelf.file("note.txt", "We open at nine."), shelf.file("photo.png", b"\x89")
    await desk.reply("/sentiment", seat=seat(files=(note,), quoted="a caption"))
    await desk.reply("/sentiment", seat=seat(files=(photo,), quoted="a caption"))
    assert models.worked_on == [("We open at nine.",), ("a caption",)]


async def test_a_book_is_summarised_as_far_as_it_is_read(tmp_path: Path) -> None:
    shelf, models = Shelf(tmp_path), Noting()
    file = shelf.file("book.txt", "It was a dark and stormy night. " * 2500)
    desk = office(models, library=shelf.library)
    reply = await desk.reply("/summarise", seat=seat(files=(file,)))
    assert reply.notice == "These are the text's own sentences. The text is long: this is about its first 50 %."
    assert sum(map(len, models.worked_on[0])) <= 40_000
    for command in ("/translate zh", "/sentiment", "/classify a, b", "/write mail", "/chat"):
        said = await desk.say(command, seat=seat(files=(file,)))
        assert said.startswith("The text has 79,999 characters, and I take up to 20,000 for this.")
    assert await desk.reply("/ask", seat=seat(files=(file,)))


async def test_a_question_leans_on_what_it_quotes() -> None:
    desk = office(NoModels())
    where = seat(BO, group=True, quoted="How long do I have to return an item?")
    assert (await desk.reply("what about that?", seat=where)).citations[0].document == "return-window"


async def test_what_is_quoted_is_told_to_the_model_once() -> None:
    models = Noting()
    desk = office(models)
    await desk.say("/chat Tell me about the moon, please", seat=seat())
    await desk.say("/chat And now about the sun, please", seat=seat(quoted="A text.", quoted_ours=True))
    await desk.say("/chat And what about this one", seat=seat(quoted="Mars is red.", quoted_ours=True))
    roles = [[(m.role, m.content) for m in request.messages[1:-1]] for request in models.engine.requests]
    assert roles[1] == [("user", "Tell me about the moon, please"), ("assistant", "A text.")]
    assert roles[2][-1] == ("assistant", "Mars is red.") and len(roles[2]) == 5


async def test_people_in_a_group_are_told_apart() -> None:
    skill = EchoSkill()
    desk = Desk([skill])
    await desk.say("I am Ann", seat=seat(ANN, group=True))
    await desk.say("I am Bo", seat=seat(BO, group=True))
    await desk.say("Who am I?", seat=seat(ANN, group=True))
    assert [message.text for message in skill.requests[-1].history] == ["I am Ann", "I am Ann"]


async def test_what_came_later_is_no_part_of_the_talk_before() -> None:
    skill = EchoSkill()
    desk = Desk([skill])
    first, _ = await desk.accept("first", seat()), await desk.accept("second", seat())
    assert [event async for event in desk.conductor.answer(first)]
    assert skill.requests[0].history == []


async def test_another_answer_is_sought_more_freely() -> None:
    models = Noting()
    desk = office(models)
    await desk.say("/chat Tell me about the moon, please", seat=seat())
    await desk.say("/chat Tell me about the moon, please", seat=seat(attempt=2))
    chosen = [(request.temperature, request.seed) for request in models.engine.requests]
    assert chosen == [(0.0, None), (0.7, 2)]


async def test_a_text_beyond_the_model_is_said_so() -> None:
    class Full(ScriptedGenerator):
        async def stream(self, request: GenerationRequest):  # type: ignore[no-untyped-def]
            raise ContextTooLong("too long")
            yield

    models = Noting()
    models.engine = Full()
    said = await office(models).say("/chat Tell me about the moon, please", seat=seat())
    assert said == "The text is too long for my language model. Send a shorter piece of it."
