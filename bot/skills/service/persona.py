"""`/persona`: who Parley is when it writes."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import Choice, Reply
from bot.errors import InvalidInput
from bot.skills.base import SkillRequest, Toolbox
from bot.skills.service.base import ServiceSkill, marked, turn_of

_DEFAULT = frozenset({"default", "none", "默认", "无"})


class PersonaSkill(ServiceSkill):
    """`/persona Tutor`, `/persona default`; without more, the choices."""

    name = "persona"
    commands = ("persona",)

    async def reply(self, request: SkillRequest, tools: Toolbox) -> Reply:
        language = request.language
        if not tools.personas.names():
            return self.told(tools.texts("persona-none", language), language)
        if not request.text:
            return self._offer(request, tools)
        if request.text.casefold() in _DEFAULT:
            await self._keep(None, request, tools)
            return self.told(tools.texts("persona-default-set", language), language)
        persona = tools.personas.get(request.text)
        if persona is None:
            raise InvalidInput("There is no such persona.", text_id="persona-unknown", name=request.text)
        await self._keep(persona.name, request, tools)
        lines = [tools.texts("persona-set", language, name=persona.name)]
        if greeting := persona.greeting.get(language):
            lines.append(greeting)
        return self.told("\n\n".join(lines), language)

    def _offer(self, request: SkillRequest, tools: Toolbox) -> Reply:
        language, current = request.language, _current(request, tools)
        names = tools.personas.names()
        lines = [tools.texts("persona-choose", language)]
        for name in names:
            persona = tools.personas.get(name)
            lines.append(f"- {name}: {persona.description}" if persona and persona.description else f"- {name}")
        choices = [Choice(marked(name, name == current), f"/persona {name}") for name in names]
        choices.append(
            Choice(marked(tools.texts("persona-default-label", language), current is None), "/persona default")
        )
        return self.told("\n".join(lines), language, choices=tuple(choices))

    async def _keep(self, name: str | None, request: SkillRequest, tools: Toolbox) -> None:
        await tools.people.set_preferences(turn_of(request).user_id, replace(request.preferences, persona=name))


def _current(request: SkillRequest, tools: Toolbox) -> str | None:
    """The name that the person chose, None where they chose none or it is not offered any more."""
    chosen = tools.personas.get(request.preferences.persona) if request.preferences.persona else None
    return chosen.name if chosen else None
