"""The model's sentences reach a person only after they were checked."""

from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.doors.languages import LanguageDoor
from bot.ports import ChatMessage, GenerationRequest
from bot.skills.answering.grounding import Evidence
from bot.skills.answering.writing import Draft, Writer
from models.engines.scripted import ScriptedGenerator

PASSAGE = "Parcels are sent within two days. Delivery takes three to five days. Express delivery costs 9 euros."
QUOTATION = "Delivery takes three to five days."
REQUEST = GenerationRequest((ChatMessage("user", "How long does delivery take?"),))


async def write(script: str, *, max_new_tokens: int = 256) -> tuple[list[str], Draft]:
    tools = LanguageDoor()
    writer = Writer(ScriptedGenerator([script]), Evidence([PASSAGE], "en", tools), tools, "en", QUOTATION)
    request = GenerationRequest(REQUEST.messages, max_new_tokens=max_new_tokens)
    async with aclosing(writer.write(request)) as pieces:
        shown = [piece async for piece in pieces]
    return shown, writer.draft


@pytest.mark.parametrize(
    ("script", "shown"),
    [
        ("Delivery takes three to five days.", "Delivery takes three to five days."),
        # The second sentence is invented: the passage speaks in its place.
        ("Parcels are sent within two days. Our elves carry them home.",
         "Parcels are sent within two days. Delivery takes three to five days."),
        # Said once is enough, also where a small model repeats itself.
        ("Express delivery costs 9 euros. Express delivery costs 9 euros.", "Express delivery costs 9 euros."),
        # What was already said is not quoted again.
        ("Delivery takes three to five days. Unicorns sing.", "Delivery takes three to five days."),
        # A wrong number is not shown.
        ("Express delivery costs 19 euros.", QUOTATION),
    ],
)  # fmt: skip
async def test_what_a_person_sees(script: str, shown: str) -> None:
    pieces, draft = await write(script)
    assert "".join(pieces) == draft.text == shown


async def test_the_first_sentence_comes_before_the_last_is_written() -> None:
    pieces, _ = await write("Delivery takes three to five days. Express delivery costs 9 euros.")
    assert len(pieces) == 2


async def test_a_model_that_does_not_know_is_taken_at_its_word() -> None:
    pieces, draft = await write("I do not know. Delivery takes three to five days.")
    assert (pieces, draft.written) == ([], 0)


async def test_a_model_that_wanders_off_is_stopped() -> None:
    pieces, draft = await write("Elves sing. Gnomes dance. Trolls juggle. Delivery takes three to five days.")
    assert (pieces, draft.written, draft.unsupported) == ([QUOTATION], 0, 2)


async def test_a_sentence_cut_by_the_length_limit_is_not_shown() -> None:
    pieces, _ = await write("Delivery takes three to five days. Express delivery costs 9 euros.", max_new_tokens=10)
    assert pieces == ["Delivery takes three to five days."]


@given(
    st.lists(st.sampled_from([*PASSAGE.split(". "), "Elves sing", "It costs 77 euros", "I do not know"]), max_size=6)
)
async def test_nothing_unsupported_is_ever_shown(sentences: list[str]) -> None:
    _, draft = await write(" ".join(f"{sentence.rstrip('.')}." for sentence in sentences))
    evidence = Evidence([PASSAGE], "en", LanguageDoor())
    tools = LanguageDoor()
    for start, end in tools.sentences(draft.text, "en"):
        assert evidence.support(draft.text[start:end]).supported
