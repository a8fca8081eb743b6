"""A skill with a mistake in it: the person gets a sentence, and the log nothing of what they wrote."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from bot.domain import Channel, Event, Failed, TextDelta, User, Working
from bot.errors import ModelUnavailable, NotFound, StorageError
from bot.ports import Texts
from bot.skills import SkillMatch, SkillRequest, Toolbox
from models.errors import EngineFailed, InvalidWeights, UnsupportedLanguage
from tests.support.desk import Desk, Seat


class Broken:
    """Its error holds what it was given, as many libraries' errors do."""

    name = "broken"
    commands: tuple[str, ...] = ("broken",)

    def describe(self, language: str, texts: Texts) -> str:
        return "/broken TEXT"

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest)

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        return None

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        yield Working("breaking")
        raise KeyError(request.text)


async def test_what_was_said_is_not_in_the_log_of_a_mistake(caplog: pytest.LogCaptureFixture) -> None:
    told = await Desk([Broken()]).say("/broken my secret diary")
    assert told.startswith("Something went wrong")
    assert "KeyError" in caplog.text and __file__ in caplog.text
    assert "diary" not in caplog.text


class HalfWay(Broken):
    """Its model stops in the middle of the text."""

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        yield TextDelta("The first half ")
        raise EngineFailed("It stopped in the middle of its text.")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("/broken Tell me a story, please", "The language model stopped in the middle of its text. Please ask again."),
        ("/broken 请给我讲一个故事吧", "语言模型写到一半中断了。请再问一次。"),
    ],
)
async def test_a_model_that_stops_in_the_middle_is_not_called_unready(said: str, told: str) -> None:
    assert (await Desk([HalfWay()]).events(said))[-1] == Failed(told, "ModelUnavailable")


class Failing(Broken):
    """Fails with what it is given, as the models' own errors and Parley's do."""

    def __init__(self, error: Exception, cause: Exception | None = None) -> None:
        self.error, self.cause = error, cause

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        yield Working("breaking")
        raise self.error from self.cause


@pytest.mark.parametrize(
    ("error", "cause", "logged"),
    [
        (InvalidWeights("The folder 'big' is damaged."), None, "InvalidWeights: The folder 'big' is damaged."),
        (ModelUnavailable("?"), EngineFailed("It does not answer."), "EngineFailed: It does not answer."),
        (UnsupportedLanguage("Nobody translates to diary."), None, ": UnsupportedLanguage\n"),
        (NotFound("There is no diary."), None, ": NotFound\n"),
    ],
)
async def test_the_log_says_why_a_model_failed_but_nothing_that_was_asked_for(
    error: Exception, cause: Exception | None, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    await Desk([Failing(error, cause)]).say("/broken my secret diary")
    assert logged in caplog.text
    assert "diary" not in caplog.text


async def test_a_database_that_is_away_is_no_answer_where_the_turn_can_be_taken_up_again() -> None:
    class Away(Broken):
        async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
            yield Working("breaking")
            raise StorageError("The database is away.")

    desk = Desk([Away()])
    assert (await desk.say("/broken in the terminal")).startswith("Something went wrong")
    with pytest.raises(StorageError):
        await desk.say("/broken", "telegram:1", Seat(User(Channel.TELEGRAM, "1"), "telegram:1"))
