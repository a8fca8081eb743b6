"""The skill `translate`: by a translation model; without one, an honest no and, where there is one, a gloss."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from bot.domain import Event, Failed, Outcome, Reply
from bot.errors import InvalidInput, ModelUnavailable
from bot.ports import GlossedWord, Texts
from bot.skills.base import SkillMatch, SkillRequest, Toolbox
from bot.skills.events import plain, say
from bot.skills.generating import caller
from bot.skills.interpreting import BETWEEN, interpret
from bot.skills.parsing import within_reach
from bot.skills.wording import language_code, name_in_sentence

_ENGLISH = re.compile(
    r"^(?:please |can you |could you )?translate\s+(?P<text>.+?)\s+(?:in)?to\s+(?P<to>[\w-]+)\s*[.?!]?$", re.I | re.S
)
_ENGLISH_COLON = re.compile(r"^(?:please )?translate\s+(?:in)?to\s+(?P<to>[\w-]+)\s*[:：]\s*(?P<text>.+)$", re.I | re.S)
_CHINESE = re.compile(
    r"^(?:请|帮我|麻烦)?(?:把|将)?\s*(?P<text>.+?)\s*(?:翻译|译)(?:成|为|到)\s*(?P<to>\w+?)[。？！?!]?$", re.S
)
_CHINESE_COLON = re.compile(r"^(?:请|帮我)?(?:翻译|译)(?:成|为|到)\s*(?P<to>\w+?)\s*[:：]\s*(?P<text>.+)$", re.S)
MAX_SENSES = 4
_QUOTES = "\"'“”‘’「」『』《》"


class TranslateSkill:
    """`/translate zh Good morning`, or "translate 'good morning' to Chinese"."""

    name = "translate"
    commands = ("translate",)

    def describe(self, language: str, texts: Texts) -> str:
        return texts("help-translate", language)

    def parse(self, rest: str) -> SkillMatch:
        """The first word names the target language; without any words it is the person's own, for what they quote."""
        name, text = [*rest.split(maxsplit=1), "", ""][:2]
        if not name:
            return SkillMatch(1.0, "")
        target = language_code(name)
        if target is None:
            raise InvalidInput(f"Unknown language “{name}”.", text_id="translate-unknown-language", name=name)
        return SkillMatch(1.0, text.strip(), {"to": target})

    def recognise(self, text: str, language: str) -> SkillMatch | None:
        for pattern in (_ENGLISH_COLON, _ENGLISH, _CHINESE_COLON, _CHINESE):
            if (found := pattern.match(text.strip())) and (target := language_code(found["to"])):
                return SkillMatch(0.9, found["text"].strip().strip(_QUOTES), {"to": target})
        return None

    async def run(self, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
        if BETWEEN in request.arguments:
            async with aclosing(interpret(self.name, request, tools)) as events:
                async for event in events:
                    yield event
            return
        if not request.text:
            missing = "nothing-to-work-on" if "to" in request.arguments else "translate-which"
            yield Failed(tools.texts(missing, request.language), InvalidInput.__name__)
            return
        text = within_reach(request)
        target = request.arguments.get("to", request.language)
        source = request.arguments.get("from") or tools.languages.detect(text, request.language)
        if source == target:
            name = name_in_sentence(target, request.language)
            same = tools.texts("translate-same", request.language, name=name)
            data = {"from": source, "to": target, "translated": False}
            for event in plain(same, self.name, Outcome.UNKNOWN, request.language, data=data):
                yield event
            return
        try:
            translator = await tools.models.translator(source, target)
        except ModelUnavailable:
            for event in say(_gloss(request, tools, source, target)):
                yield event
            return
        (translation,) = await translator.translate([text], source, target, caller(request, len(text)))
        reply = Reply(
            translation.text,
            self.name,
            Outcome.GENERATED,
            target,
            model=translation.model,
            data={"from": source, "to": target},
        )
        for event in say(reply):
            yield event


def _gloss(request: SkillRequest, tools: Toolbox, source: str, target: str) -> Reply:
    """Why there is no translation and how to get one; then the gloss, called what it is."""
    language = request.language
    names = {"source": name_in_sentence(source, language), "target": name_in_sentence(target, language)}
    if request.by_operator:
        no_model = tools.texts("translate-no-model", language, profile=tools.options.profile, **names)
    else:
        no_model = tools.texts("translate-not-here", language, **names)
    words = [
        word
        for word in tools.languages.gloss(request.text, source, target)
        if word.senses or any(map(str.isalnum, word.word))
    ]
    data: dict[str, object] = {"from": source, "to": target, "translated": False}
    if not words:
        return Reply(no_model, TranslateSkill.name, Outcome.UNKNOWN, language, data=data)
    data["gloss"] = [{"word": word.word, "reading": word.reading, "senses": list(word.senses)} for word in words]
    lines = (no_model, "", tools.texts("translate-gloss", language), *_lines(words))
    return Reply("\n".join(lines), TranslateSkill.name, Outcome.UNKNOWN, language, data=data)


def _lines(words: Sequence[GlossedWord]) -> list[str]:
    return [_line(word) for word in words]


def _line(word: GlossedWord) -> str:
    reading = f" ({word.reading})" if word.reading else ""
    return f"{word.word}{reading}: {'; '.join(word.senses[:MAX_SENSES]) or '?'}"
