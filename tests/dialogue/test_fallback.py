"""Conversations with a chain of generators: another one answers, the reply says which, and at the end of the chain
stands the quotation."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import pytest

from bot.domain import Outcome, Reply
from bot.ports import ChatMessage, Generator
from bot.skills import AnswerOptions
from bot.skills.absent import KnownWriters
from bot.skills.answer import AnswerSkill
from bot.skills.chat import ChatSkill
from bot.skills.write import WriteSkill
from models.engines.fallback import FallbackGenerator
from models.engines.scripted import ScriptedGenerator
from models.errors import EngineFailed, Overloaded
from models.types import GenerationEvent, GenerationRequest, TextChunk
from tests.support.desk import Desk
from tests.support.doubles import NoModels
from tests.support.shop import shop_knowledge

ASKED = "How long do parcels to Norway take?"
RIGHT = "Parcels to Norway take seven days."


class Chain(NoModels):
    def __init__(self, *generators: Generator) -> None:
        self._generator = FallbackGenerator(generators)

    async def generator(self) -> Generator:
        return self._generator


class Torn(ScriptedGenerator):
    """Stops in the middle of what it says."""

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        yield TextChunk(f"{RIGHT} And then")
        raise EngineFailed("torn")


def off(name: str = "off", error: type[EngineFailed] = EngineFailed) -> ScriptedGenerator:
    def refuse(messages: Sequence[ChatMessage]) -> str:
        raise error("not today")

    return ScriptedGenerator(refuse, name=name)


async def reply_of(*generators: Generator, said: str = ASKED, too_small: Sequence[str] = ()) -> Reply:
    desk = Desk(
        [AnswerSkill(), ChatSkill(), WriteSkill()],
        knowledge=shop_knowledge(),
        models=Chain(*generators),
        options=AnswerOptions(curated_threshold=0.9, answerable_threshold=0.05),
        writers=KnownWriters(small=frozenset(too_small)),
    )
    return await desk.reply(said)


@pytest.mark.parametrize("error", [EngineFailed, Overloaded])
async def test_the_next_one_answers_and_the_reply_names_it(error: type[EngineFailed]) -> None:
    reply = await reply_of(off(error=error), ScriptedGenerator([RIGHT], name="big"))
    assert (reply.text, reply.outcome, reply.model) == (RIGHT, Outcome.GENERATED, "big")


async def test_one_that_is_too_small_to_write_quotes_in_the_large_ones_place() -> None:
    small = ScriptedGenerator([RIGHT], name="small")
    reply = await reply_of(off("big"), small, too_small=["small"])
    assert (reply.outcome, "seven days" in reply.text, reply.model) == (Outcome.QUOTED, True, None)
    reply = await reply_of(ScriptedGenerator([RIGHT], name="big"), small, too_small=["small"])
    assert (reply.outcome, reply.model) == (Outcome.GENERATED, "big")


async def test_a_draft_by_a_small_one_in_the_large_ones_place_says_so() -> None:
    small = ScriptedGenerator(["Dear all, the meeting is on Friday."], name="small")
    said = "/write mail: meeting moved to Friday"
    reply = await reply_of(off("big"), small, said=said, too_small=["small"])
    assert (reply.model, "small is very small" in reply.notice) == ("small", True)
    reply = await reply_of(ScriptedGenerator(["Dear all."], name="big"), small, said=said, too_small=["small"])
    assert (reply.model, reply.notice) == ("big", "")


async def test_one_that_wrote_more_than_is_shown_is_named_too() -> None:
    chatty = ScriptedGenerator([f"{RIGHT} The moon is made of cheese. Cats rule Norway. Dogs rule Mars."], name="big")
    reply = await reply_of(off(), chatty)
    assert reply.text.startswith(RIGHT)
    assert reply.model == "big"


async def test_when_all_fail_the_passage_is_quoted() -> None:
    reply = await reply_of(off("local"), off("remote", Overloaded))
    assert (reply.outcome, "seven days" in reply.text, reply.model) == (Outcome.QUOTED, True, None)
    assert reply.citations[0].document == "shipping"


async def test_what_was_said_before_it_broke_off_stays() -> None:
    reply = await reply_of(Torn(name="torn"), ScriptedGenerator(["No, never."], name="big"))
    assert (reply.text, reply.outcome, reply.model) == (RIGHT, Outcome.GENERATED, "torn")


async def test_free_talk_names_who_talked() -> None:
    reply = await reply_of(off(), ScriptedGenerator(["Gladly."], name="big"), said="/chat tell me a story")
    assert (reply.text, reply.model) == ("Gladly.", "big")
