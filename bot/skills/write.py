"""The skill `write`: a mail, a report or a post from notes."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from bot.domain import Event, Failed, Outcome
from bot.errors import InvalidInput
from bot.ports import ChatMessage, GenerationRequest, Texts
from bot.skills.base import SkillMatch, SkillRequest, Toolbox
from bot.skills.drafting import read_kind, task
from bot.skills.events import plain
from bot.skills.generating import LONG, sampling, stream_reply, writer_of
from bot.skills.parsing import split_at_colon, within_reach

_ASKED = re.compile(
    r"^(?:please |can you |could you )?(?:write|draft)(?: me)? (?:an?|the) "
    r"(?P<en>[^:：\n]{1,60}?)\s*[:：]\s*(?P<notes>.+)$"
    r"|^(?:请)?(?:帮我)?(?:写|起草)一?(?:封|份|篇|条|个)(?P<zh>[^:：\n]{1,30}?)\s*[:：]\s*(?P<points>.+)$",
    re.IGNORECASE | re.DOTALL,
)
_SYSTEM = {
    "en": "You draft texts from notes. Use every note, add no facts of your own, and write only the text itself.",
    "zh": "你根据要点起草文字。用上每一条要点，不要添加没有的事实，只写正文。",
}
LONGEST_DRAFT = 400  # tokens, where the operator sets no bound


class WriteSkill:
    """`/write mail friendly: meeting moved to Friday, apologise`, or "Write a friendly mail: …"."""

    name = "write"
    commands = ("write",)

    def describe(self, language: str, texts: Texts) -> str:
        return texts("help-write", language)

    def parse(self, rest: str) -> SkillMatch:
        """Kind, perhaps tone, a colon and the notes; without notes they are what the message quotes, or its file."""
        kind, notes = split_at_colon(rest) or (rest.strip(), "")
        if notes and not kind:
            raise InvalidInput("Write the kind, a colon and your notes.", text_id="write-how")
        return SkillMatch(1.0, notes, read_kind(kind))

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        found = _ASKED.match(text.strip())
        if not found:
            return None
        return SkillMatch(0.9, found["notes"] or found["points"], read_kind(found["en"] or found["zh"]))

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        if not request.text:
            yield Failed(tools.texts("write-how", request.language), InvalidInput.__name__)
            return
        notes = within_reach(request)
        generator = await writer_of(request, tools)
        if isinstance(generator, str):
            for event in plain(generator, self.name, Outcome.UNKNOWN, request.language):
                yield event
            return
        key = request.language if request.language in _SYSTEM else "en"
        system = request.persona.instructions_for(request.language) if request.persona else _SYSTEM[key]
        asked = task(request.arguments.get("kind", ""), request.arguments.get("tone", ""), notes, request.language)
        chosen = sampling(request, tools)
        generation = GenerationRequest(
            (ChatMessage("system", system), ChatMessage("user", asked)),
            max_new_tokens=tools.options.longest(LONGEST_DRAFT),
            temperature=chosen.temperature,
            seed=chosen.seed,
            person=request.person,
            adapter=request.persona.adapter if request.persona else None,
            priority=LONG,
            repetition_penalty=1.1,
        )
        async with aclosing(stream_reply(generator, generation, request, self.name, tools)) as events:
            async for event in events:
                yield event
