"""Translation by a generator: one made for it (Hunyuan-MT, HY-MT), or a general one that writes both languages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing

from models.errors import EngineFailed
from models.ports import Generator
from models.tasks.languages import NAMES, unsupported
from models.tasks.translation.prompts import translation_prompt
from models.tasks.translation.spans import Kind
from models.types import Caller, ChatMessage, Finished, FinishReason, GenerationRequest, TextChunk

_AT_ONCE = 8  # requests in flight: an engine that batches does them together
_UNIT_TOKENS = 400  # longer paragraphs are cut: small models leave sentences out of them
_PROMPT_TOKENS = 200
_GROWTH = 3  # times as many tokens as the text has, at most
_THOUGHTS = re.compile(r"^\s*<think>.*?</think>\s*", re.DOTALL)


class GenerativeTranslator:
    """A `UnitTranslator` that asks a generator, paragraph by paragraph. It is trusted to copy what it sees, once."""

    by_sentence = False
    copies = frozenset(Kind)

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    @property
    def name(self) -> str:
        return self._generator.name

    def supports(self, source: str, target: str) -> bool:
        spoken = self._generator.languages
        return source != target and target in NAMES and ("*" in spoken or {source, target} <= spoken)

    def fits(self, text: str) -> bool:
        room = (self._generator.context_tokens - _PROMPT_TOKENS) // (_GROWTH + 1)
        return self._generator.count_tokens(text) <= max(8, min(_UNIT_TOKENS, room))

    async def translate_units(
        self, units: Sequence[str], source: str, target: str, terms: Mapping[str, str], caller: Caller
    ) -> list[str]:
        """Translate each unit. Raises UnsupportedLanguage, ContextTooLong or EngineFailed."""
        if not self.supports(source, target):
            raise unsupported(source, target)
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(unit: str) -> str:
            async with places:
                return await self._unit(unit, source, target, terms, caller)

        tasks = [asyncio.create_task(one(unit)) for unit in units]
        try:
            return await asyncio.gather(*tasks)
        finally:  # one that fails ends them all
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _unit(self, text: str, source: str, target: str, terms: Mapping[str, str], caller: Caller) -> str:
        here = {term: new for term, new in terms.items() if term.casefold() in text.casefold()}
        request = GenerationRequest(
            (ChatMessage("user", translation_prompt(self.name, text, source, target, here)),),
            max_new_tokens=_GROWTH * self._generator.count_tokens(text) + 32,
            repetition_penalty=1.05,
            person=caller.person,
            priority=caller.priority,
        )
        pieces: list[str] = []
        async with aclosing(self._generator.stream(request)) as events:
            async for event in events:
                if isinstance(event, TextChunk):
                    pieces.append(event.text)
                elif isinstance(event, Finished) and event.reason in (FinishReason.CANCELLED, FinishReason.DEADLINE):
                    raise EngineFailed("The translation was stopped. Ask again.")
                elif isinstance(event, Finished) and event.reason is FinishReason.LENGTH:
                    return ""  # three times as long as the text: it says the same again and again
        return _THOUGHTS.sub("", "".join(pieces)).strip()
