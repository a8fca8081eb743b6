"""How close is close enough, for the document that is nearest."""

from __future__ import annotations

from bot.ports import DocumentKind, SearchResult, Thresholds
from bot.skills.base import AnswerOptions


def thresholds_for(result: SearchResult, options: AnswerOptions) -> Thresholds:
    """Those of the knowledge base for the kind of document that is nearest, unless the operator set their own."""
    own = result.thresholds
    prose = bool(result.hits) and result.hits[0].document.kind is not DocumentKind.FAQ
    answerable = own.answerable_prose if prose else own.answerable
    return Thresholds(
        curated=own.curated if options.curated_threshold is None else options.curated_threshold,
        answerable=answerable if options.answerable_threshold is None else options.answerable_threshold,
    )


def is_answered(result: SearchResult, options: AnswerOptions) -> bool:
    """Whether anything was found that is close enough to answer."""
    return bool(result.hits) and result.hits[0].confidence >= thresholds_for(result, options).answerable
