"""`/settings`: what holds for a person, and in a group, when Parley answers."""

from __future__ import annotations

from bot.domain import Choice, Reply, Turn
from bot.domain.conversation import ANSWER, TRANSLATE
from bot.errors import InvalidInput
from bot.skills.base import SkillRequest, Toolbox
from bot.skills.service.base import ServiceSkill, marked, turn_of
from bot.skills.service.interpreting import interpreting_line, set_interpreting
from bot.skills.service.language import language_line

_WAYS = ("mention", "keyword", "always")


class SettingsSkill(ServiceSkill):
    """Shows the settings; `/settings answer always` sets when to answer in a group, for admins, and
    `/settings translate en, zh` has every message translated.
    """

    name = "settings"
    commands = ("settings",)

    async def reply(self, request: SkillRequest, tools: Toolbox) -> Reply:
        turn, language = turn_of(request), request.language
        if request.text:
            return await self._set_answer(request, tools)
        lines = [language_line(request, tools), _persona_line(request, tools)]
        choices = [
            Choice(tools.texts("settings-language-label", language), "/language"),
            *([Choice(tools.texts("settings-persona-label", language), "/persona")] if tools.personas.names() else []),
        ]
        values = dict(await tools.people.conversation_values(turn.conversation_id))
        if translated := interpreting_line(values, language, tools):
            lines.append(translated)
        if turn.origin.group:
            way = values.get(ANSWER)
            if not translated:
                lines.append(_answer_line(way, language, tools))
            if turn.origin.admin:
                choices += _ways(way, language, tools)
            else:
                lines.append(tools.texts("settings-admins", language))
        return self.told("\n".join(lines), language, choices=tuple(choices))

    async def _set_answer(self, request: SkillRequest, tools: Toolbox) -> Reply:
        turn, language = turn_of(request), request.language
        name, _, way = request.text.casefold().partition(" ")
        way = way.strip()
        if name == TRANSLATE:
            return await set_interpreting(self, way, request, tools)
        if name != ANSWER or way not in (*_WAYS, "default"):
            raise InvalidInput("Write /settings answer mention, keyword or always.", text_id="settings-how")
        if not turn.origin.group:
            raise InvalidInput("This can be set in a group only.", text_id="settings-group-only")
        if not turn.origin.admin:
            return self.told(tools.texts("settings-admins", language), language)
        await _keep(way, turn, tools)
        return self.told(_answer_line(None if way == "default" else way, language, tools), language)


async def _keep(way: str, turn: Turn, tools: Toolbox) -> None:
    values = dict(await tools.people.conversation_values(turn.conversation_id))
    values.pop(ANSWER, None)
    if way != "default":
        values[ANSWER] = way
    await tools.people.set_conversation_values(turn.conversation_id, values)


def _persona_line(request: SkillRequest, tools: Toolbox) -> str:
    chosen = tools.personas.get(request.preferences.persona) if request.preferences.persona else None
    if chosen is None:
        return tools.texts("settings-persona-default", request.language)
    return tools.texts("settings-persona", request.language, name=chosen.name)


def _answer_line(way: str | None, language: str, tools: Toolbox) -> str:
    match way:
        case "always":
            return tools.texts("settings-answer-always", language)
        case "keyword":
            return tools.texts("settings-answer-keyword", language)
        case "mention":
            return tools.texts("settings-answer-mention", language)
        case _:
            return tools.texts("settings-answer-default", language)


def _ways(current: str | None, language: str, tools: Toolbox) -> list[Choice]:
    labels = {
        "mention": tools.texts("settings-mention-label", language),
        "keyword": tools.texts("settings-keyword-label", language),
        "always": tools.texts("settings-always-label", language),
    }
    ways = [Choice(marked(labels[way], way == current), f"/settings answer {way}") for way in _WAYS]
    if current is not None:
        ways.append(Choice(tools.texts("settings-default-label", language), "/settings answer default"))
    return ways
