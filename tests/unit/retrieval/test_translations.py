"""An entry that was found in another language is answered by its twin in the question's."""

from __future__ import annotations

from retrieval.chunking import split
from retrieval.translations import in_language
from retrieval.types import Document, Hit
from tests.unit.retrieval.builders import faq

RAG = faq("rag.en", "What is RAG?", "Retrieval-augmented generation.")
RAG_ZH = faq("rag.zh", "什么是检索增强生成？", "先检索，再生成。", language="zh")
LORA = faq("lora.en", "What is LoRA?", "A kind of fine-tuning.")
ALONE = faq("hours", "When do you open?", "At nine.")
KNOWN = {document.id: document for document in (RAG, RAG_ZH, LORA, ALONE)}


def hit(document: Document, confidence: float) -> Hit:
    return Hit(split(document)[0], document, confidence, confidence)


def found(*hits: Hit, language: str = "zh") -> list[tuple[str, float]]:
    return [(one.document.id, one.confidence) for one in in_language(hits, language, KNOWN)]


def test_the_twin_leads_and_is_as_sure() -> None:
    assert found(hit(RAG, 1.0), hit(RAG_ZH, 0.3)) == [("rag.zh", 1.0), ("rag.en", 1.0)]


def test_a_twin_that_was_not_found_is_brought_in_with_its_answer() -> None:
    (twin, _) = in_language([hit(RAG, 0.9)], "zh", KNOWN)
    assert (twin.document.id, twin.passage.text, twin.confidence) == ("rag.zh", "先检索，再生成。", 0.9)


def test_without_a_twin_the_hits_stay_as_they_are() -> None:
    assert found(hit(LORA, 0.9), hit(ALONE, 0.5), hit(RAG_ZH, 0.2)) == [
        ("lora.en", 0.9),
        ("hours", 0.5),
        ("rag.zh", 0.2),
    ]


def test_a_better_hit_in_the_own_language_keeps_its_place() -> None:
    assert found(hit(RAG_ZH, 0.9), hit(RAG, 0.4)) == [("rag.zh", 0.9), ("rag.en", 0.4)]


def test_an_entry_in_the_questions_language_is_left_alone() -> None:
    assert found(hit(RAG, 0.9), hit(RAG_ZH, 0.4), language="en") == [("rag.en", 0.9), ("rag.zh", 0.4)]
