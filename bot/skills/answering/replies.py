"""The replies of the skill `answer` that no model writes: curated, quoted and unknown; and its citations."""

from __future__ import annotations

from bot.domain import Citation, Outcome, Reply
from bot.domain.text import within_quotes
from bot.ports import Document, DocumentKind, Hit, PassageRole, SearchResult
from bot.skills.answering.quoting import best_quotation
from bot.skills.base import SkillRequest, Toolbox
from bot.skills.wording import name_in_sentence

SKILL = "answer"
BEGINNING = 1200  # characters of an article that a link leads to


def curated(request: SkillRequest, tools: Toolbox, top: Hit, timings: dict[str, float]) -> Reply:
    """The FAQ entry's answer, word for word."""
    return Reply(
        top.document.text,
        SKILL,
        Outcome.CURATED,
        top.document.language,
        citations=(citation(top),),
        notice=_language_notice(request, tools, top.document.language),
        timings_ms=timings,
    )


async def quoted(request: SkillRequest, tools: Toolbox, top: Hit, timings: dict[str, float]) -> Reply:
    """The nearest FAQ entry, called that, or the sentences of an article that answer best."""
    language = request.language
    if top.document.kind is DocumentKind.FAQ:
        lead, quotation = "maybe-lead", top.document.text
    else:
        lead = "quoted-lead"
        quotation = await best_quotation(
            request.text, top.passage.text, top.passage.language, tools.knowledge, tools.languages
        )
    return Reply(
        f"{tools.texts(lead, language, title=within_quotes(top.document.title))}\n\n{quotation}",
        SKILL,
        Outcome.QUOTED,
        language,
        citations=(citation(top),),
        notice=_language_notice(request, tools, top.passage.language),
        timings_ms=timings,
    )


def document_reply(document: Document, request: SkillRequest, tools: Toolbox) -> Reply:
    """A document that was named, not searched: an FAQ entry's answer, or how an article begins."""
    curated_text = document.kind is DocumentKind.FAQ
    text = document.text if curated_text else _beginning(document, tools)
    lead = tools.texts("quoted-lead", request.language, title=within_quotes(document.title))
    return Reply(
        text if curated_text else f"{lead}\n\n{text}",
        SKILL,
        Outcome.CURATED if curated_text else Outcome.QUOTED,
        document.language if curated_text else request.language,
        citations=(Citation(document.id, document.title, text, 1.0, end=len(text), url=document.url),),
        notice=_language_notice(request, tools, document.language),
    )


def _beginning(document: Document, tools: Toolbox) -> str:
    """Whole sentences from the start of an article, as far as there is room; always the first one."""
    text = document.text
    if len(text) <= BEGINNING:
        return text
    ends = [end for _, end in tools.languages.sentences(text, document.language)]
    return text[: max((end for end in ends if end <= BEGINNING), default=ends[0] if ends else BEGINNING)]


def unknown(request: SkillRequest, tools: Toolbox, result: SearchResult, timings: dict[str, float]) -> Reply:
    """Says so, and offers the nearest questions that the knowledge base does answer."""
    language = request.language
    if not result.hits and not result.documents:
        return Reply(tools.texts("empty-knowledge", language), SKILL, Outcome.UNKNOWN, language)
    nearest = [hit for hit in result.hits if hit.document.kind is DocumentKind.FAQ]
    same_language = [hit for hit in nearest if hit.document.language == language]
    suggestions = tuple(hit.document.title for hit in (same_language or nearest)[: tools.options.suggestions])
    return Reply(
        tools.texts("unknown", language),
        SKILL,
        Outcome.UNKNOWN,
        language,
        suggestions=suggestions,
        notice=tools.texts("unknown-noted", language),
        timings_ms=timings,
        data={
            "best_confidence": result.hits[0].confidence if result.hits else 0.0,
            "nearest_document": result.hits[0].document.id if result.hits else None,
        },
    )


def _language_notice(request: SkillRequest, tools: Toolbox, language: str) -> str:
    if language == request.language:
        return ""
    return tools.texts("only-language", request.language, name=name_in_sentence(language, request.language))


def citation(hit: Hit) -> Citation:
    """Document and passage; where a wording was found, the answer that belongs to it."""
    passage = hit.passage
    text = hit.document.text if passage.role is PassageRole.WORDING else passage.text
    return Citation(
        document=hit.document.id,
        title=hit.document.title,
        passage=text,
        score=round(hit.confidence, 4),
        passage_id=passage.id,
        start=passage.start,
        end=passage.end if passage.role is not PassageRole.WORDING else len(text),
        url=hit.document.url,
    )
