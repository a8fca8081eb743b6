"""`/language`: the language that a person is answered in."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import Choice, Reply
from bot.errors import InvalidInput
from bot.skills.base import SkillRequest, Toolbox
from bot.skills.service.base import ServiceSkill, marked, turn_of
from bot.skills.wording import OFFERED, language_code, language_name, name_in_sentence

_AUTOMATIC = frozenset({"auto", "automatic", "自动", "默认"})


class LanguageSkill(ServiceSkill):
    """`/language zh`, `/language auto`; without more, the choices."""

    name = "language"
    commands = ("language", "lang")

    async def reply(self, request: SkillRequest, tools: Toolbox) -> Reply:
        if not request.text:
            choices = _choices(request.preferences.language, request, tools)
            return self.told(language_line(request, tools), request.language, choices=choices)
        chosen = _chosen(request.text)
        await tools.people.set_preferences(turn_of(request).user_id, replace(request.preferences, language=chosen))
        if chosen is None:
            return self.told(tools.texts("language-automatic", request.language), request.language)
        return self.told(tools.texts("language-set", chosen, name=name_in_sentence(chosen, chosen)), chosen)


def _chosen(name: str) -> str | None:
    if name.casefold() in _AUTOMATIC:
        return None
    code = language_code(name)
    if code is None:
        raise InvalidInput(f"Unknown language “{name}”.", text_id="translate-unknown-language", name=name)
    return code


def language_line(request: SkillRequest, tools: Toolbox) -> str:
    """What holds now, as a sentence."""
    current, language = request.preferences.language, request.language
    if current is None:
        return tools.texts("language-automatic-now", language)
    return tools.texts("language-now", language, name=name_in_sentence(current, language))


def _choices(current: str | None, request: SkillRequest, tools: Toolbox) -> tuple[Choice, ...]:
    named = [Choice(marked(language_name(code, code), current == code), f"/language {code}") for code in OFFERED]
    automatic = tools.texts("language-automatic-label", request.language)
    return (*named, Choice(marked(automatic, current is None), "/language auto"))
