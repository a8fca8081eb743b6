"""The skill `answer`: a right, cited answer from the knowledge base, or an honest "I don't know"."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from bot.domain import Completed, Event, Failed, Outcome, Reply, TextDelta, Working
from bot.errors import ModelUnavailable
from bot.ports import (
    DocumentKind,
    GenerationRequest,
    Generator,
    Hit,
    ModelError,
    SearchResult,
    Texts,
    Thresholds,
)
from bot.skills.answering.follow_up import search_in_context
from bot.skills.answering.grounding import Evidence
from bot.skills.answering.prompt import build_prompt, passages_for
from bot.skills.answering.quoting import best_quotation
from bot.skills.answering.replies import SKILL, citation, curated, quoted, unknown
from bot.skills.answering.thresholds import is_answered, thresholds_for
from bot.skills.answering.writing import Writer
from bot.skills.base import SkillMatch, SkillRequest, Toolbox
from bot.skills.events import say
from bot.skills.generating import USUAL, sampling

log = logging.getLogger(__name__)

MAX_QUESTION = 8000  # characters; of a file that is asked about, its beginning


class AnswerSkill:
    """Curated text word for word, else written and checked, else quoted, else unknown."""

    name = SKILL
    commands = ("ask", "answer")

    def describe(self, language: str, texts: Texts) -> str:
        return texts("help-answer", language)

    def parse(self, rest: str) -> SkillMatch:
        return SkillMatch(1.0, rest)

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        """It claims nothing: as the default skill it takes what no other one claims."""
        return None

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        if not request.text.strip():
            yield Failed(tools.texts("nothing-to-work-on", request.language), "empty")
            return
        request = replace(request, text=request.text[:MAX_QUESTION])
        yield Working("searching")
        started = time.perf_counter()
        result = await search_in_context(
            request.text,
            request.text_language,
            request.history,
            tools.options.top_k,
            tools.knowledge,
            tools.languages,
            answer_in=request.language,
        )
        timings = {"search": (time.perf_counter() - started) * 1000}
        thresholds = thresholds_for(result, tools.options)
        top = result.hits[0] if is_answered(result, tools.options) else None
        if top is None:
            for event in say(unknown(request, tools, result, timings)):
                yield event
        elif top.document.kind is DocumentKind.FAQ and top.confidence >= thresholds.curated:
            for event in say(curated(request, tools, top, timings)):
                yield event
        else:
            async for event in self._from_passages(request, tools, result, thresholds, timings):
                yield event

    async def _from_passages(
        self,
        request: SkillRequest,
        tools: Toolbox,
        result: SearchResult,
        thresholds: Thresholds,
        timings: dict[str, float],
    ) -> AsyncGenerator[Event, None]:
        top = result.hits[0]
        generator = None if top.document.kind is DocumentKind.FAQ else await _writer_of(request.language, top, tools)
        if generator is None:
            for event in say(await quoted(request, tools, top, timings)):
                yield event
            return
        hits = passages_for(_usable(result, thresholds))
        started = time.perf_counter()
        quotation = await best_quotation(
            request.text, top.passage.text, top.passage.language, tools.knowledge, tools.languages
        )
        evidence = Evidence([_evidence_text(hit) for hit in hits], request.language, tools.languages)
        writer = Writer(generator, evidence, tools.languages, request.language, quotation, tools.writers)
        yield Working("writing")
        try:
            async with aclosing(writer.write(_generation(request, hits, tools))) as pieces:
                async for piece in pieces:
                    yield TextDelta(piece)
        except ModelError as error:
            log.warning("the generator stopped, so what is left is quoted: %s", error.reason)
        timings["generate"] = (time.perf_counter() - started) * 1000
        draft = writer.draft
        if not draft.pieces:
            for event in say(await quoted(request, tools, top, timings)):
                yield event
            return
        yield Completed(
            Reply(
                draft.text,
                self.name,
                Outcome.GENERATED if draft.written else Outcome.QUOTED,
                request.language,
                citations=tuple(citation(hit) for hit in hits),
                timings_ms=timings,
                model=draft.model or generator.name,
                prompt_tokens=draft.prompt_tokens,
                completion_tokens=draft.completion_tokens,
            )
        )


async def _writer_of(language: str, top: Hit, tools: Toolbox) -> Generator | None:
    """A generator that writes the language and reads the passage, or None: then the passage is quoted."""
    if not tools.writers.writes or top.passage.language != language:
        return None
    try:
        generator = await tools.models.generator()
    except ModelUnavailable as error:
        log.warning("no generator, so the passage is quoted: %s", error)
        return None
    return generator if generator.languages & {language, "*"} else None


def _generation(request: SkillRequest, hits: Sequence[Hit], tools: Toolbox) -> GenerationRequest:
    chosen = sampling(request, tools)
    return GenerationRequest(
        build_prompt(request.text, hits, request.language, request.history, request.persona),
        max_new_tokens=tools.options.longest(),
        temperature=chosen.temperature,
        seed=chosen.seed,
        person=request.person,
        adapter=request.persona.adapter if request.persona else None,
        priority=USUAL,
    )


def _usable(result: SearchResult, thresholds: Thresholds) -> list[Hit]:
    """The hits that may be drawn on: close enough, and in the language of the best one."""
    language = result.hits[0].passage.language
    return [hit for hit in result.hits if hit.confidence >= thresholds.answerable and hit.passage.language == language]


def _evidence_text(hit: Hit) -> str:
    """What may be said from a passage: its own words, those of its headings and of its document's title."""
    return "\n".join((hit.document.title, *hit.passage.heading_path, hit.passage.text))
