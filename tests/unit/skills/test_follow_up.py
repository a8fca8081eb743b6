"""A question that leans on the one before it is searched together with it, unless that brings the same answer again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain import Citation, Message, Role
from bot.doors.languages import LanguageDoor
from bot.ports import Document, DocumentKind, Hit, Passage, PassageRole, SearchResult
from bot.skills.answering.follow_up import search_in_context
from tests.support.doubles import EmptyKnowledge

TEXTS = {
    "refunds": "Send the item back, and the money follows.",
    "refund-time": "A refund takes five days.",
    "delivery-time": "Delivery takes three days.",
    "training": "A model learns by reading.",
}


def hit(document_id: str, confidence: float, score: float) -> Hit:
    text = TEXTS[document_id]
    document = Document(document_id, DocumentKind.FAQ, document_id, text, "en", "faq.yaml", "0")
    passage = Passage(f"{document_id}#0", document_id, 0, PassageRole.ANSWER, text, 0, len(text), "en")
    return Hit(passage, document, score, confidence)


class ScriptedKnowledge(EmptyKnowledge):
    """Answers each query by a script: (document, confidence, score), best first."""

    def __init__(self, script: dict[str, list[tuple[str, float, float]]]) -> None:
        self._script = script

    async def search(
        self, query: str, k: int = 5, language: str | None = None, *, answer_in: str | None = None
    ) -> SearchResult:
        hits = tuple(hit(*found) for found in self._script[query])
        return SearchResult(query, "en", hits, documents=len(TEXTS))


def said(question: str, answered_from: str) -> Sequence[Message]:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    citation = Citation(answered_from, answered_from, TEXTS[answered_from], 1.0)
    return [Message(Role.USER, question, now, 1), Message(Role.ASSISTANT, "…", now, 1, citations=(citation,))]


async def found(text: str, history: Sequence[Message], knowledge: ScriptedKnowledge) -> tuple[str, float]:
    best = (await search_in_context(text, "en", history, 3, knowledge, LanguageDoor())).hits[0]
    return best.document.id, best.confidence


async def test_the_question_before_decides_between_two_that_fit_the_words() -> None:
    knowledge = ScriptedKnowledge(
        {
            "How long does it take?": [("delivery-time", 0.9, 0.7), ("refund-time", 0.5, 0.6)],
            "How do I get a refund?\nHow long does it take?": [("refund-time", 0.95, 0.8), ("refunds", 0.9, 0.7)],
        }
    )
    document, confidence = await found("How long does it take?", said("How do I get a refund?", "refunds"), knowledge)
    assert document == "refund-time"
    assert confidence < SearchResult("", "en", ()).thresholds.curated  # it is offered, not given as the answer


async def test_what_was_just_said_is_not_said_again_where_the_new_words_fit_another() -> None:
    knowledge = ScriptedKnowledge(
        {
            "How is it trained?": [("training", 0.55, 0.6), ("refunds", 0.1, 0.3)],
            "How do I get a refund?\nHow is it trained?": [("refunds", 0.95, 0.9), ("training", 0.5, 0.5)],
        }
    )
    document, _ = await found("How is it trained?", said("How do I get a refund?", "refunds"), knowledge)
    assert document == "training"


async def test_words_that_have_nothing_to_do_with_the_question_before_stand_alone() -> None:
    knowledge = ScriptedKnowledge(
        {
            "Does it glow in the dark?": [("delivery-time", 0.05, 0.2)],
            "How do I get a refund?\nDoes it glow in the dark?": [("refunds", 0.95, 0.9)],
        }
    )
    assert await found("Does it glow in the dark?", said("How do I get a refund?", "refunds"), knowledge) == (
        "delivery-time",
        0.05,
    )


async def test_a_question_that_stands_on_its_own_is_searched_alone() -> None:
    knowledge = ScriptedKnowledge({"Which countries receive parcels from the shop?": [("delivery-time", 0.4, 0.5)]})
    question = "Which countries receive parcels from the shop?"
    assert (await found(question, said("How do I get a refund?", "refunds"), knowledge))[0] == "delivery-time"


async def test_words_that_name_no_matter_are_answered_by_nothing_that_is_merely_near() -> None:
    knowledge = ScriptedKnowledge({"Why?": [("training", 0.2, 0.3)], "Who are you?": [("training", 0.9, 0.9)]})
    assert await found("Why?", (), knowledge) == ("training", 0.0)
    assert await found("Who are you?", (), knowledge) == ("training", 0.9)
