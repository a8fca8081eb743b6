"""Entries in two languages, known by their ids: `return-window.en` and `return-window.zh` say the same.

A Chinese question may be nearest to an English wording ("RAG 是啥" to "What is RAG?"); its answer is the twin's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from retrieval.chunking import split
from retrieval.types import Document, DocumentKind, Hit, PassageRole


def in_language(hits: Sequence[Hit], language: str, documents: Mapping[str, Document]) -> list[Hit]:
    """The hits with each FAQ entry of another language led by its twin in this language, where it has one.

    The twin takes over how sure the entry was; the entry itself follows it, so nothing is lost and none stands twice.
    """
    own = {hit.document.id: hit for hit in hits}
    placed: dict[str, Hit] = {}
    for hit in hits:
        twin = _twin(hit.document, language, documents)
        if twin is not None and twin.id not in placed:
            placed[twin.id] = _as_sure(own.get(twin.id) or _hit(twin, hit), hit)
        placed.setdefault(hit.document.id, hit)
    return list(placed.values())


def _twin(document: Document, language: str, documents: Mapping[str, Document]) -> Document | None:
    stem, dot, ending = document.id.rpartition(".")
    if not dot or document.language == language or ending != document.language or document.kind is not DocumentKind.FAQ:
        return None
    twin = documents.get(f"{stem}.{language}")
    return twin if twin is not None and twin.language == language and twin.kind is DocumentKind.FAQ else None


def _as_sure(twin: Hit, hit: Hit) -> Hit:
    return replace(twin, score=max(twin.score, hit.score), confidence=max(twin.confidence, hit.confidence))


def _hit(document: Document, found_by: Hit) -> Hit:
    passages = split(document)
    cited = next((passage for passage in passages if passage.role is PassageRole.ANSWER), passages[0])
    return replace(found_by, passage=cited, document=document, lexical_rank=None, dense_rank=None)
