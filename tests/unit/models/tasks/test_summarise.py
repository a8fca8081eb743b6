"""Summaries: written, by map and reduce, or taken from the text."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.engines.scripted import ScriptedGenerator
from models.errors import EngineFailed
from models.tasks.summarise import Summariser, central_sentences, letter_vectors
from models.types import Caller, ChatMessage, GenerationEvent, GenerationRequest

TEXT = [
    "The library opens at nine.",
    "Books can be borrowed from the library for four weeks.",
    "A book borrowed from the library can be renewed twice.",
    "There is a café next door.",
    "Late books cost ten cents a day at the library.",
]


async def test_a_short_text_is_its_own_summary() -> None:
    summary = await Summariser(ScriptedGenerator(["no"])).summarise(TEXT[:2], "en", 3)
    assert summary.text == " ".join(TEXT[:2])
    assert summary.extracted


async def test_where_no_model_can_write_the_texts_own_sentences_are_given(caplog: pytest.LogCaptureFixture) -> None:
    class Down(ScriptedGenerator):
        async def stream(self, request: GenerationRequest) -> AsyncGenerator[GenerationEvent, None]:
            raise EngineFailed("The server does not answer.")
            yield

    summary = await Summariser(Down(languages={"en"})).summarise(TEXT, "en", 2)
    assert summary.extracted and set(summary.text.split(". ")) <= {line.rstrip(".") for line in TEXT} | set(TEXT)
    assert "EngineFailed: The server does not answer." in caplog.text


async def test_a_text_within_the_budget_is_asked_for_once() -> None:
    generator = ScriptedGenerator(["Short."], languages={"en"})
    summary = await Summariser(generator).summarise(TEXT, "en", 2)
    assert (summary.text, summary.extracted, summary.model) == ("Short.", False, "scripted")
    assert len(generator.requests) == 1
    assert all(sentence in generator.requests[0].messages[0].content for sentence in TEXT)


async def test_a_long_text_is_mapped_and_reduced_and_nothing_is_left_out() -> None:
    def reply(messages: tuple[ChatMessage, ...]) -> str:
        return f"Part {len(generator.requests)}."

    generator = ScriptedGenerator(reply, languages={"en"}, context_tokens=120)  # type: ignore[arg-type]
    summary = await Summariser(generator).summarise(
        [f"Sentence number {n} says something." for n in range(40)], "en", 2
    )
    asked = " ".join(request.messages[0].content for request in generator.requests)
    assert all(f"number {n} " in asked for n in range(40))
    assert len(generator.requests) > 2
    assert "Part 1." in asked and summary.text == f"Part {len(generator.requests)}."


async def test_a_model_that_only_repeats_comes_to_an_end() -> None:
    generator = ScriptedGenerator(lambda messages: messages[-1].content, languages={"en"}, context_tokens=100)
    summary = await Summariser(generator).summarise([f"Sentence {n} goes on and on." for n in range(30)], "en", 1)
    assert summary.text
    assert summary.partial


async def test_every_request_fits_the_context_and_a_sentence_longer_than_it_is_read_whole() -> None:
    generator = ScriptedGenerator(["Short."], languages={"en"}, context_tokens=200)
    long = " ".join(f"word{n}" for n in range(1000))
    summary = await Summariser(generator).summarise([long, "And so on.", "The end."], "en", 2)
    asked = " ".join(request.messages[0].content for request in generator.requests)
    assert all(f"word{n}" in asked.split() for n in range(1000))
    assert (summary.text, summary.partial) == ("Short.", False)


async def test_who_asks_is_told_to_the_engine_and_what_is_broken_off_is_left_out() -> None:
    generator = ScriptedGenerator(["This is whole. This is " + "very " * 200], languages={"en"})
    summary = await Summariser(generator).summarise(TEXT, "en", 1, Caller("7", 10))
    assert summary.text == "This is whole."
    assert {(request.person, request.priority) for request in generator.requests} == {("7", 10)}


async def test_a_language_that_the_generator_does_not_write_is_summarised_by_its_own_sentences() -> None:
    told = ["图书馆九点开门。", "图书馆的书可以借四周。", "旁边有一家咖啡店。", "图书馆的书可以续借两次。"]
    summary = await Summariser(ScriptedGenerator(["No."], languages={"en"})).summarise(told, "zh", 2)
    assert summary.extracted
    assert summary.text == "".join(told[i] for i in summary.chosen)
    assert 2 not in summary.chosen  # the one about something else


def test_the_outsider_is_not_central() -> None:
    vectors = letter_vectors(TEXT)
    assert 3 not in central_sentences(vectors @ vectors.T, 3)


@given(st.integers(1, 6).flatmap(lambda n: arrays(np.float64, (n, 4), elements=st.floats(-1, 1))), st.integers(1, 8))
def test_positions_are_distinct_and_in_order(vectors: np.ndarray, length: int) -> None:
    chosen = central_sentences(vectors @ vectors.T, length)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(length, len(vectors))


@pytest.mark.parametrize("texts", [["", ""], ["a"], ["好", "好的"]])
def test_odd_sentences_do_no_harm(texts: list[str]) -> None:
    assert np.isfinite(letter_vectors(texts)).all()
