"""The skill `summarise`: the main points of a text, each held against the text."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import replace

from bot.domain import Event, Failed, Outcome, Reply, Working
from bot.domain.text import flowing, separator, without_headings
from bot.ports import Summary, Texts
from bot.skills.answering.grounding import Evidence
from bot.skills.base import SkillMatch, SkillRequest, Toolbox
from bot.skills.events import say
from bot.skills.generating import caller

_ASKED = re.compile(
    r"^(?:(?:please|can you|could you) )?(?:summari[sz]e(?: (?:this|the following)(?: \w+)?)?|tl;?dr)"
    r"\s*[:：]\s*(?P<en>.+)$"
    r"|^(?:请|请帮我|帮我|麻烦)?(?:总结|概括|归纳|摘要)(?:一下)?(?:下面|以下|这段|这篇)?"
    r"(?:的)?(?:内容|文字|文章|话)?\s*[:：]\s*(?P<zh>.+)$",
    re.IGNORECASE | re.DOTALL,
)
MAX_SENTENCES = 5
MAX_READ = 40_000  # characters; of a longer text its beginning is summarised, and that is told


class SummariseSkill:
    """`/summarise TEXT`, or "Summarise: TEXT". Sentences that the text does not support are left out, and that is told.

    A generator too small to write answers does not write summaries either, nor in a larger one's place: then the text's
    own sentences are chosen.
    """

    name = "summarise"
    commands = ("summarise", "summarize", "tldr")

    def describe(self, language: str, texts: Texts) -> str:
        return texts("help-summarise", language)

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest.strip())

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        found = _ASKED.match(text.strip())
        return SkillMatch(0.9, (found["en"] or found["zh"]).strip()) if found else None

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        if not request.text:
            yield Failed(tools.texts("nothing-to-work-on", request.language), "empty")
            return
        language = request.text_language
        whole = len(request.text)
        if request.turn is not None:  # the operator, outside of a conversation, may wait as long as they like
            request = replace(request, text=request.text[:MAX_READ])
        text = without_headings(request.text) or request.text
        sentences = [flowing(text[start:end], language) for start, end in tools.languages.sentences(text, language)]
        yield Working("summarising")
        summariser = await tools.models.summariser()
        length = min(MAX_SENTENCES, max(1, len(sentences) // 3))
        if tools.writers.writes:
            who = caller(request, len(text))
            summary = await summariser.summarise(sentences, language, length, who, tools.writers.too_small)
        else:
            summary = await summariser.extract(sentences, language, length)
        text, dropped = _supported(summary, request, tools)
        if not text:
            summary = await summariser.extract(sentences, language, length)
            text = summary.text
        reply = _reply(summary, text, dropped, request, tools)
        if whole > len(request.text):
            part = tools.texts("summary-part", request.language, percent=max(1, len(request.text) * 100 // whole))
            reply = replace(reply, notice=f"{reply.notice} {part}".strip())
        for event in say(reply):
            yield event


def _supported(summary: Summary, request: SkillRequest, tools: Toolbox) -> tuple[str, int]:
    """The summary without the sentences that the text does not support, and how many those were."""
    if summary.extracted:
        return summary.text, 0
    language = request.text_language
    evidence = Evidence([request.text], language, tools.languages)
    sentences = [summary.text[start:end] for start, end in tools.languages.sentences(summary.text, language)]
    kept = [sentence for sentence in sentences if evidence.support(sentence).supported]
    return separator(language).join(kept), len(sentences) - len(kept)


def _reply(summary: Summary, text: str, dropped: int, request: SkillRequest, tools: Toolbox) -> Reply:
    notice = tools.texts("summary-checked", request.language, count=dropped) if dropped else ""
    if summary.partial:
        notice = f"{notice} {tools.texts('summary-partial', request.language)}".strip()
    if summary.extracted:
        notice = tools.texts("summary-extract", request.language)
    return Reply(
        text,
        SummariseSkill.name,
        Outcome.QUOTED if summary.extracted else Outcome.GENERATED,
        request.text_language,
        notice=notice,
        model=None if summary.extracted else summary.model,
        data={"extracted": summary.extracted, "left_out": dropped},
    )
