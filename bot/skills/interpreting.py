"""Each message of a conversation in the languages of the others: the skill `translate` where that was set."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from bot.domain import Event, Outcome, Reply
from bot.errors import ModelUnavailable
from bot.skills.base import SkillRequest, Toolbox
from bot.skills.events import say
from bot.skills.generating import caller
from bot.skills.wording import language_name

BETWEEN = "between"  # the argument that names the languages


async def interpret(skill: str, request: SkillRequest, tools: Toolbox) -> AsyncGenerator[Event, None]:
    """The translation alone. What has no words, or is the same in the other language, gets no answer at all."""
    spoken = request.arguments[BETWEEN].split(",")
    source = tools.languages.detect(request.text, "", spoken)
    targets = [code for code in spoken if code != source]
    texts: dict[str, str] = {}
    model = ""
    if source:
        who = caller(request, len(request.text))
        for target in targets:
            try:
                translator = await tools.models.translator(source, target)
            except ModelUnavailable:
                if source in spoken:
                    raise
                continue  # a language that nobody said is spoken here
            (translation,) = await translator.translate([request.text], source, target, who)
            model = translation.model
            if translation.text.strip() != request.text.strip():
                texts[target] = translation.text.strip()
    text = _together(texts)
    for event in say(
        Reply(
            text,
            skill,
            Outcome.GENERATED if text else Outcome.SERVICE,
            next(iter(texts), request.language),
            model=model or None,
            data={"from": source, "to": list(texts)},
        )
    ):
        yield event


def _together(texts: dict[str, str]) -> str:
    """One translation as it is, several each behind its language's name in that language."""
    if len(texts) == 1:
        return next(iter(texts.values()))
    return "\n\n".join(f"{language_name(code, code)}: {text}" for code, text in texts.items())
