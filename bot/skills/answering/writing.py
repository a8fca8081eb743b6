"""Writing an answer from passages: each sentence is checked before a person sees it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from bot.domain.text import separator
from bot.ports import Finished, FinishReason, GenerationRequest, Generator, LanguageTools, TextChunk, Writers
from bot.skills.absent import KnownWriters
from bot.skills.answering.grounding import Evidence

MAX_SENTENCES = 4
MAX_UNSUPPORTED = 2  # a model that has wandered off twice does not come back

_ABSTAINS = re.compile(
    r"\bI (?:do not|don['’]t) know\b|\bdoes not (?:say|answer|mention|provide|specify)"
    r"|\bnot (?:mentioned|specified|provided|given)\b|不知道|没有提到|未提及|没有说明|无法回答",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?。！？…;；:：\"'”’）)]\s*$")


@dataclass(slots=True)
class Draft:
    """What became of a generation. `written` counts sentences of the model that were shown; `model` is the one of a
    chain that wrote.
    """

    pieces: list[str] = field(default_factory=list)
    written: int = 0
    unsupported: int = 0
    quoted: bool = False
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class Writer:
    """Streams a generation sentence by sentence; what the passages do not support is replaced by one quotation."""

    def __init__(
        self,
        generator: Generator,
        evidence: Evidence,
        tools: LanguageTools,
        language: str,
        quotation: str,
        writers: Writers | None = None,
    ) -> None:
        """`writers` tells whose text is not used: one that answers in another's place may be too small."""
        self._generator = generator
        self._evidence = evidence
        self._tools = tools
        self._language = language
        self._quotation = quotation
        self._writers = writers or KnownWriters()
        self.draft = Draft()

    async def write(self, request: GenerationRequest) -> AsyncGenerator[str, None]:
        """Yield the pieces of the answer; `draft` tells afterwards what happened."""
        async with aclosing(self._sentences(request)) as sentences:
            async for sentence in sentences:
                if _ABSTAINS.search(sentence):
                    return
                piece = self._checked(sentence)
                if piece:
                    lead = separator(self._language) if self.draft.pieces else ""
                    self.draft.pieces.append(lead + piece)
                    yield lead + piece
                if self.draft.written >= MAX_SENTENCES or self.draft.unsupported >= MAX_UNSUPPORTED:
                    return

    def _checked(self, sentence: str) -> str:
        if sentence in self.draft.text:
            return ""
        if self._evidence.support(sentence).supported:
            self.draft.written += 1
            return sentence
        self.draft.unsupported += 1
        if self.draft.quoted:
            return ""
        self.draft.quoted = True
        return "" if self._quotation in self.draft.text else self._quotation

    async def _sentences(self, request: GenerationRequest) -> AsyncGenerator[str, None]:
        """Whole sentences as soon as the next one has begun; an unfinished last one is dropped if cut for length."""
        buffer = ""
        reason = FinishReason.STOP
        async with aclosing(self._generator.stream(request)) as stream:
            async for event in stream:
                if isinstance(event, TextChunk | Finished):
                    if self._writers.too_small(event.model):
                        return
                    self.draft.model = event.model or self.draft.model
                if isinstance(event, Finished):
                    reason = event.reason
                    self.draft.prompt_tokens = event.prompt_tokens
                    self.draft.completion_tokens = event.completion_tokens
                    continue
                if not isinstance(event, TextChunk):
                    continue  # it waits
                buffer += event.text
                spans = self._tools.sentences(buffer, self._language)
                for start, end in spans[:-1]:
                    if sentence := buffer[start:end].strip():
                        yield sentence
                buffer = buffer[spans[-1][0] :] if spans else buffer
        rest = buffer.strip()
        if rest and (reason is FinishReason.STOP or _ENDS.search(rest)):
            yield rest
