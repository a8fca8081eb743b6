"""The fallback chain: the next one answers where one cannot, and the reply says which did."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import pytest

from models.engines.fallback import FallbackGenerator
from models.engines.scripted import ScriptedGenerator
from models.errors import (
    CannotScore,
    ContextTooLong,
    EngineFailed,
    InvalidWeights,
    ModelError,
    Overloaded,
    WeightsUnavailable,
)
from models.types import NOBODY, Caller, ChatMessage, Finished, GenerationEvent, GenerationRequest, TextChunk, Waiting

ASK = GenerationRequest((ChatMessage("user", "Hello"),))


class Failing(ScriptedGenerator):
    """Says what it is told to, then fails."""

    def __init__(self, error: ModelError, *events: GenerationEvent, name: str = "failing") -> None:
        super().__init__(name=name)
        self._error = error
        self._events = events

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
        for event in self._events:
            yield event
        raise self._error

    async def score(
        self, messages: Sequence[ChatMessage], continuations: Sequence[str], caller: Caller = NOBODY
    ) -> list[float]:
        raise self._error


async def events_of(generator: FallbackGenerator) -> list[GenerationEvent]:
    return [event async for event in generator.stream(ASK)]


@pytest.mark.parametrize("kind", [EngineFailed, Overloaded, WeightsUnavailable, ContextTooLong])
async def test_the_next_one_answers_and_is_named(kind: type[ModelError]) -> None:
    chain = FallbackGenerator([Failing(kind("no"), Waiting(1, 2.0)), ScriptedGenerator(["Hi."], name="second")])
    events = await events_of(chain)
    assert events[:2] == [Waiting(1, 2.0), TextChunk("Hi", "second")]
    assert isinstance(events[-1], Finished)
    assert events[-1].model == "second"
    assert chain.name == "failing → second"


async def test_the_first_one_answers_where_it_can() -> None:
    second = ScriptedGenerator(["Two"])
    events = await events_of(FallbackGenerator([ScriptedGenerator(["One"], name="first"), second]))
    assert isinstance(events[-1], Finished)
    assert events[-1].model == "first"
    assert second.requests == []


async def test_what_was_begun_is_not_begun_again() -> None:
    second = ScriptedGenerator(["Two"])
    chain = FallbackGenerator([Failing(EngineFailed("torn"), TextChunk("On")), second])
    with pytest.raises(EngineFailed, match="torn"):
        await events_of(chain)
    assert second.requests == []


async def test_when_all_fail_the_last_one_says_why() -> None:
    with pytest.raises(Overloaded, match="full"):
        await events_of(FallbackGenerator([Failing(EngineFailed("off")), Failing(Overloaded("full"))]))


async def test_scores_come_from_the_first_that_has_them() -> None:
    asked = ASK.messages
    second = ScriptedGenerator()
    chain = FallbackGenerator([Failing(CannotScore("no logprobs")), second])
    assert await chain.score(asked, ["Hello"], Caller("7")) == await ScriptedGenerator().score(asked, ["Hello"])
    assert second.callers == [Caller("7")]
    with pytest.raises(CannotScore):
        await FallbackGenerator([ScriptedGenerator(), Failing(CannotScore("no"))])._generators[1].score(asked, ["a"])


class Countless(ScriptedGenerator):
    def count_tokens(self, text: str) -> int:
        raise InvalidWeights("no tokenizer")


def test_one_that_cannot_count_keeps_no_other_from_it() -> None:
    chain = FallbackGenerator([Countless(), ScriptedGenerator()])
    assert chain.count_tokens("one two") == ScriptedGenerator().count_tokens("one two")
    with pytest.raises(InvalidWeights, match="no tokenizer"):
        FallbackGenerator([Countless(), Countless()]).count_tokens("one two")


def test_what_fits_the_chain_fits_each_of_it() -> None:
    chain = FallbackGenerator(
        [ScriptedGenerator(languages=["en"], context_tokens=100), ScriptedGenerator(context_tokens=50)]
    )
    assert (chain.context_tokens, chain.languages) == (50, {"en"})
    assert FallbackGenerator([ScriptedGenerator()]).languages == {"*"}
